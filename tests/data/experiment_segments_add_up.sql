-- Proves that the segments of an arm are the arm: units and values add up to those of `all`.
with

totals as (

    select
        experiment_id,
        variant,
        metric,
        sum(case when segment = 'all' then units else 0 end) as units,
        sum(case when segment = 'all' then 0 else units end) as segment_units,
        sum(case when segment = 'all' then value_sum else 0 end) as value_sum,
        sum(case when segment = 'all' then 0 else value_sum end) as segment_value_sum
    from {{ ref('int_experiment_arms') }}
    group by experiment_id, variant, metric

)

select * from totals
where units <> segment_units or value_sum <> segment_value_sum
