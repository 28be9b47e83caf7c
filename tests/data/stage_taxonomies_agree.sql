-- Proves that each taxonomy says of every stage, and of each detail where a stage has details, what it
-- is called there or that it is outside, and of nothing else; and that one code has one name and one
-- place. Each row says in `problem` what to change in seeds/rules/stage_taxonomies.csv.
{{ seed_problems('stage_taxonomies', ['taxonomy', 'stage', 'stage_detail'], clauses=[
    one_of('mapping', vocabulary('mapping')),
    (
        "mapping = 'outside' and (code is not null or name_en is not null or name_zh is not null or position is not null)",
        "mapping is outside, so code, names and position must be empty",
    ),
    (
        "mapping in ('exact', 'folded') and (code is null or name_en is null or name_zh is null or position is null)",
        "mapping is {mapping}, so code, name_en, name_zh and position must be filled in",
    ),
], queries=taxonomy_queries()) }}
