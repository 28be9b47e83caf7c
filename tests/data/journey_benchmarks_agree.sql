-- Proves that each benchmark of a step of the journey stands there once, is a share and says where it is from.
-- Each row says in `problem` what to change in seeds/rules/journey_benchmarks.csv.
{{ seed_problems('journey_benchmarks', ['customer_type', 'journey', 'step'], clauses=[
    one_of('customer_type', vocabulary('customer_type')),
    one_of('journey', vocabulary('journey')),
    ("step is null", "step is empty: name the step as kpi_journey_steps does"),
    (
        "journey = 'stages' and step not in ('" ~ vocabulary('stage') | join("', '") ~ "')",
        "step is {step}, which is no stage: write one of lifecycle_stages",
    ),
    ("journey = 'cart' and step <> 'cart'", "step is {step}: the journey cart has one step, cart"),
    ("journey = 'onboarding' and step <> 'second_order'", "step is {step}: the journey onboarding has one step, second_order"),
    (
        "benchmark_drop_off_rate is null or benchmark_drop_off_rate < 0 or benchmark_drop_off_rate > 1",
        "benchmark_drop_off_rate is {benchmark_drop_off_rate}: write a share from 0 to 1",
    ),
    ("source is null", "source is empty: say who found that, of what and when"),
]) }}
