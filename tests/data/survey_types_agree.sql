-- Proves that the bounds of each survey lie on its scale and in order: scale_min < low_below <=
-- promoter_from and good_from <= scale_max, and that its figure can be told. Each row says in `problem`
-- what to change in seeds/rules/survey_types.csv.
{{ seed_problems('survey_types', ['survey_type'], is_spoken=true, clauses=[
    must_not_be_empty('scale_min'),
    must_not_be_empty('scale_max'),
    ("scale_min >= scale_max", "scale_min {scale_min} must be smaller than scale_max {scale_max}"),
    (
        "low_below <= scale_min",
        "low_below {low_below} must be larger than scale_min {scale_min}, or nobody is dissatisfied",
    ),
    (
        "low_below > scale_max",
        "low_below {low_below} must not be larger than scale_max {scale_max}, or everybody is dissatisfied",
    ),
    (
        "promoter_from > scale_max",
        "promoter_from {promoter_from} must not be larger than scale_max {scale_max}, or nobody is a promoter",
    ),
    (
        "promoter_from < low_below or promoter_from <= scale_min",
        "promoter_from {promoter_from} must not be smaller than low_below {low_below}",
    ),
    one_of('measures', vocabulary('measures')),
    (
        "measures = 'promotion' and promoter_from is null",
        "it measures promotion, but nobody is a promoter: fill in promoter_from",
    ),
    (
        "measures <> 'promotion' and good_from is null",
        "it measures {measures}, but no answer is good: fill in good_from",
    ),
    (
        "good_from > scale_max or good_from < low_below or good_from <= scale_min",
        "good_from {good_from} must lie on the scale, and not below low_below {low_below}",
    ),
]) }}
