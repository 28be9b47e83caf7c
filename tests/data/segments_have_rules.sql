-- Proves that segment_rules.csv and segments.csv speak of the same segments. Each row says in
-- `problem` what to change.
{{ segment_name_problems() }}
