-- The file has no dates. Declared: everybody installs in the last hour of 2019, and the experiment
-- ends with the year, so that the eighth day after is over when the last return is in.
select
    'gate' as experiment_id,
    'gate_30' as control_variant,
    'return_on_day_7' as primary_metric,
    timestamp '2019-12-31 00:00:00' as starts_at,
    timestamp '2020-01-01 00:00:00' as ends_at
