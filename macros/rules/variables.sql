{#-
    Stops a run whose project variables make no sense, with a sentence, before anything is built.
    Warns when real people are about to be hashed with the public salt. Called on-run-start.
-#}
{% macro check_variables() %}
    {%- set problems = variable_problems() if execute else [] -%}
    {%- if problems -%}
        {{ exceptions.raise_compiler_error(problems | join('\n  ')) }}
    {%- endif -%}
    {#- The command `lifecycle` runs dbt without its log and says this itself. -#}
    {%- if
        execute
        and flags.WHICH in ['build', 'run']
        and flags.LOG_LEVEL != 'none'
        and not var('use_sample')
        and env_var('LIFECYCLE_PII_SALT', 'lifecycle') in ['', 'lifecycle']
    -%}
        {%- do exceptions.warn(
            "LIFECYCLE_PII_SALT is not set, so that anybody who knows an e-mail address can find its hash. "
            ~ "Set it to a secret of your own before building with real people."
        ) -%}
    {%- endif -%}
{% endmacro %}

{#- A sentence per project variable that makes no sense. -#}
{% macro variable_problems() %}
    {%- set problems = [] -%}
    {%- set said = "The variable {} is '{}'. Write {}." -%}

    {%- for name, lowest, is_whole, wanted in [
        ('session_timeout_minutes', 1, true, 'a whole number of minutes, at least 1'),
        ('max_customers_per_device', 1, true, 'a whole number, at least 1'),
        ('closed_loop_days', 1, true, 'a whole number of days, at least 1'),
        ('repeat_contact_days', 1, true, 'a whole number of days, at least 1'),
        ('shop_funnel_days', 1, true, 'a whole number of days, at least 1'),
        ('b2b_funnel_days', 1, true, 'a whole number of days, at least 1'),
        ('return_window_days', 1, true, 'a whole number of days, at least 1'),
        ('campaign_window_days', 1, true, 'a whole number of days, at least 1'),
        ('recommendations_per_customer', 1, true, 'a whole number of products, at least 1'),
        ('recommendation_rules_per_product', 1, true, 'a whole number of rules, at least 1'),
        ('preferred_channel_days', 1, true, 'a whole number of days, at least 1'),
        ('high_value_factor', 0.0001, false, 'a number above 0, as in 1.5'),
        ('journey_gap_months', 1, true, 'a whole number of months, at least 1'),
        ('journey_past_months', 1, true, 'a whole number of months, at least 1'),
        ('cross_sell_window_days', 1, true, 'a whole number of days, at least 1'),
        ('affinity_max_products', 2, true, 'a whole number of products, at least 2'),
        ('experiment_min_units', 10, true, 'a whole number of units, at least 10'),
        ('always_valid_sample', 1, true, 'a whole number of units, at least 1'),
        ('annual_discount_rate', 0, false, 'a number from 0 on, as in 0.10'),
        ('back_test_days', 1, true, 'a whole number of days, at least 1'),
    ] -%}
        {%- set value = var(name) -%}
        {%- if not is_plain_number(value) or value < lowest or (is_whole and value != value | int) -%}
            {%- do problems.append(said.format(name, value, wanted)) -%}
        {%- endif -%}
    {%- endfor -%}

    {%- for name in ['affinity_min_support', 'min_costed_share', 'split_alarm_p_value'] -%}
        {%- if not is_plain_number(var(name)) or var(name) < 0 or var(name) > 1 -%}
            {%- do problems.append(said.format(name, var(name), 'a share from 0 to 1, as in 0.05')) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if var('attribution_by') not in ['channel', 'channel_group'] -%}
        {%- do problems.append(said.format('attribution_by', var('attribution_by'), 'channel or channel_group')) -%}
    {%- endif -%}
    {%- set windows = var('repeat_windows_days') -%}
    {%- if not is_list_of_days(windows) -%}
        {%- do problems.append(said.format(
            'repeat_windows_days', windows, 'a list of different whole numbers of days, as in [30, 90]'
        )) -%}
    {%- endif -%}
    {%- if windows is string or windows is not sequence or var('scorecard_repeat_window_days') not in windows -%}
        {%- do problems.append(said.format(
            'scorecard_repeat_window_days', var('scorecard_repeat_window_days'), 'one of repeat_windows_days'
        )) -%}
    {%- endif -%}

    {%- set limit = var('quarantine_share_limit') -%}
    {%- set limits = limit if limit is mapping else {'default': limit} -%}
    {%- for table, share in limits.items() -%}
        {%- set name = 'quarantine_share_limit' ~ (' of ' ~ table if limit is mapping else '') -%}
        {%- if table not in raw_tables() and table != 'default' -%}
            {%- do problems.append(
                "The variable quarantine_share_limit names the table " ~ table ~ ". Write default or one of "
                ~ raw_tables() | join(', ') ~ "."
            ) -%}
        {%- elif not is_plain_number(share) or share < 0 or share > 1 -%}
            {%- do problems.append(said.format(name, share, 'a share from 0 to 1, as in 0.05')) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if 'default' not in limits -%}
        {%- do problems.append(
            "The variable quarantine_share_limit has no default. Write one, as in {default: 0.05, orders: 0.01}."
        ) -%}
    {%- endif -%}

    {%- if var('reporting_timezone') not in modules.pytz.all_timezones -%}
        {%- do problems.append(said.format(
            'reporting_timezone', var('reporting_timezone'), 'a name of the IANA time zones, as in Europe/Berlin or UTC'
        )) -%}
    {%- endif -%}
    {%- if not modules.re.match('^[A-Z]{3}$', var('reporting_currency') | string) -%}
        {%- do problems.append(said.format(
            'reporting_currency', var('reporting_currency'), 'three capital letters, as in EUR'
        )) -%}
    {%- endif -%}
    {%- if not modules.re.match('^[a-z0-9_]*$', var('schema_prefix') | string) -%}
        {%- do problems.append(said.format(
            'schema_prefix', var('schema_prefix'), 'small letters, digits and underscores, or nothing'
        )) -%}
    {%- endif -%}
    {%- set personal = var('personal_attributes') -%}
    {%- if not is_list_of_company_columns(personal) -%}
        {%- do problems.append(said.format(
            'personal_attributes', personal, 'a list of columns that begin with x_, as in [x_phone], or []'
        )) -%}
    {%- endif -%}
    {%- if modules.re.search("['\"\\\\]", env_var('LIFECYCLE_PII_SALT', '')) -%}
        {%- do problems.append(
            "LIFECYCLE_PII_SALT holds a quote or a backslash. Set it to a secret without them."
        ) -%}
    {%- endif -%}
    {{ return(problems) }}
{% endmacro %}

{#- Whether a value is a number; true and false are not, though Python thinks so. -#}
{% macro is_plain_number(value) %}
    {{ return(value is number and value is not boolean) }}
{% endmacro %}

{#- Whether a value is a list of names that begin with x_. -#}
{% macro is_list_of_company_columns(value) %}
    {%- if value is string or value is mapping or value is not sequence -%}
        {{ return(false) }}
    {%- endif -%}
    {%- for name in value if name is not string or not (name | lower).startswith('x_') -%}
        {{ return(false) }}
    {%- endfor -%}
    {{ return(true) }}
{% endmacro %}

{#- Whether a value is a list of different whole numbers of days, at least one of them. -#}
{% macro is_list_of_days(value) %}
    {%- if value is string or value is mapping or value is not sequence or not value -%}
        {{ return(false) }}
    {%- endif -%}
    {%- for days in value if not is_plain_number(days) or days < 1 or days != days | int -%}
        {{ return(false) }}
    {%- endfor -%}
    {{ return(value | unique | list | length == value | length) }}
{% endmacro %}
