{#-
    What an experiment's figures are judged by, in SQL that every engine computes alike. Accuracy against
    scipy is held in tests/python/test_experiments.py and stated in docs/experiments.md. Arguments are
    columns: each stands in its formula many times. What is smaller than e to the -700 is that: Postgres
    refuses numbers that are too small.
-#}

{#- A difference that chance alone would give in fewer cases than this is one. Goes with 95 %. -#}
{% macro significance_level() -%} 0.05 {%- endmacro %}

{#-
    How likely a standard normal deviation as large as this is, to either side. West (2005), Better
    approximations to cumulative normal functions, after Hart (1968).
-#}
{% macro normal_p_value(z) -%}
    {%- set x = 'abs(' ~ z ~ ')' -%}
    (case
        when {{ x }} > 37 then 0
        when {{ x }} < 7.07106781186547
            then 2 * exp(-{{ x }} * {{ x }} / 2)
                * ((((((0.0352624965998911 * {{ x }} + 0.700383064443688) * {{ x }} + 6.37396220353165) * {{ x }}
                    + 33.912866078383) * {{ x }} + 112.079291497871) * {{ x }} + 221.213596169931) * {{ x }}
                    + 220.206867912376)
                / (((((((0.0883883476483184 * {{ x }} + 1.75566716318264) * {{ x }} + 16.064177579207) * {{ x }}
                    + 86.7807322029461) * {{ x }} + 296.564248779674) * {{ x }} + 637.333633378831) * {{ x }}
                    + 793.826512519948) * {{ x }} + 440.413735824752)
        else
            2 * exp(-{{ x }} * {{ x }} / 2)
            / ({{ x }} + 1 / ({{ x }} + 2 / ({{ x }} + 3 / ({{ x }} + 4 / ({{ x }} + 0.65))))) / 2.506628274631
    end)
{%- endmacro %}

{#-
    The normal deviation that is as rare as Student's t with so many degrees of freedom, so that
    normal_p_value gives the p-value of t. Hill (1970), Algorithm 395, Communications of the ACM 13.
-#}
{% macro normal_of_t(t, degrees) -%}
    {%- set a = '(' ~ degrees ~ ' - 0.5)' -%}
    {%- set y = '(' ~ a ~ ' * ln(1 + ' ~ t ~ ' * ' ~ t ~ ' / ' ~ degrees ~ '))' -%}
    sqrt({{ y }}) * (
        1 + (
            (((-0.4 * {{ y }} - 3.3) * {{ y }} - 24) * {{ y }} - 85.5)
            / (0.8 * {{ y }} * {{ y }} + 100 + 48 * {{ a }} * {{ a }}) + {{ y }} + 3
        ) / (48 * {{ a }} * {{ a }})
    )
{%- endmacro %}

{#-
    How many standard errors a 95 % interval reaches to either side where they are estimated with so
    many degrees of freedom: z_of_95_percent() put into Abramowitz and Stegun (1964), 26.7.5.
-#}
{% macro t_of_95_percent(degrees) -%}
    {{ z_of_95_percent() | trim }} + (
        2.372271230298562 + (2.822498615740 + (2.555849679508 + 1.589534053394 / {{ degrees }}) / {{ degrees }}) / {{ degrees }}
    ) / {{ degrees }}
{%- endmacro %}

{#- The most degrees of freedom that chi_square_p_value knows: experiments of up to thirteen arms. -#}
{% macro most_degrees() -%} {{ return(12) }} {%- endmacro %}

{#-
    How likely a chi-square as large as this is with so many degrees of freedom, from 1 to
    most_degrees(); NULL with others. Abramowitz and Stegun (1964), 26.4.4 and 26.4.5: sums of so many terms.
-#}
{% macro chi_square_p_value(chi_square, degrees) -%}
    {%- set odd = range(1, most_degrees() + 1, 2) | join(', ') -%}
    (
        case when {{ degrees }} in ({{ odd }}) then {{ normal_p_value('sqrt(' ~ chi_square ~ ')') }} else 0 end
        + exp(case when {{ chi_square }} > 1400 then -700 else -{{ chi_square }} / 2 end) * case {{ degrees }}
            {%- for number in range(1, most_degrees() + 1) %}
            when {{ number }} then {{ 'sqrt(2 * ' ~ chi_square ~ ' / 3.141592653589793) * ' if number % 2 }}
            {%- set terms, divisor = ['0' if number == 1 else '1'], namespace(value=1) -%}
            {%- for power in range(1, number // 2) -%}
                {%- set divisor.value = divisor.value * (2 * power + number % 2) -%}
                {%- do terms.append('power(' ~ chi_square ~ ', ' ~ power ~ ') / ' ~ divisor.value) -%}
            {%- endfor %}({{ terms | join(' + ') }})
            {%- endfor %}
        end
    )
{%- endmacro %}

{#-
    Always-valid inference after Waudby-Smith et al. (2023), Time-uniform central limit theory: an
    interval that holds at every look at once, so that looking daily costs nothing. `tuned_for` is the
    sample it is narrowest at, fixed in advance.
-#}
{% macro always_valid_weight(units, tuned_for) -%}
    ({{ units }} * 7.936154601737565 / {{ tuned_for }})
{%- endmacro %}

{#- How many standard errors the always-valid 95 % interval reaches to either side; `weight` as above. -#}
{% macro always_valid_reach(weight) -%}
    sqrt(2 * ({{ weight }} + 1) / nullif({{ weight }}, 0) * ln(sqrt({{ weight }} + 1) / {{ significance_level() }}))
{%- endmacro %}

{#- The always-valid p-value of a difference of so many standard errors. -#}
{% macro always_valid_p_value(z, weight) -%}
    {#- least() and greatest() pass over NULL, so it is asked for. -#}
    case
        when {{ z }} is not null
            then least(
                1,
                sqrt({{ weight }} + 1)
                * exp(greatest(-700, -{{ weight }} * {{ z }} * {{ z }} / (2 * ({{ weight }} + 1))))
            )
    end
{%- endmacro %}

{#-
    One end of the 95 % interval of a ratio of two independent means after Fieller (1954), Journal of
    the Royal Statistical Society B 16; NULL where the lower mean cannot be told from nought, as the
    interval has no end then. The variances are those of the means; `reach` is in standard errors.
-#}
{% macro ratio_bound(mean, variance, base_mean, base_variance, reach, end) -%}
    {%- set side = {'low': '-', 'high': '+'}[end] -%}
    {%- set room = '(' ~ base_mean ~ ' * ' ~ base_mean ~ ' - ' ~ reach ~ ' * ' ~ reach ~ ' * ' ~ base_variance ~ ')' -%}
    case
        when {{ room }} > 0.000001 * {{ base_mean }} * {{ base_mean }}
            then (
                {{ base_mean }} * {{ mean }} {{ side }} {{ reach }} * sqrt(
                    greatest(
                        0,
                        {{ variance }} * {{ room }} + {{ mean }} * {{ mean }} * {{ base_variance }}
                    )
                )
            ) / {{ room }}
    end
{%- endmacro %}

{#- The variance of what was counted, from its sum and the sum of its squares; NULL for less than two. -#}
{% macro variance_of(total, squares, units) -%}
    greatest(0, {{ squares }} - {{ total }} * {{ total }} / nullif({{ units }}, 0)) / nullif({{ units }} - 1, 0)
{%- endmacro %}

{#- Welch's degrees of freedom, from the variances of two means. -#}
{% macro welch_degrees(variance, units, other_variance, other_units) -%}
    ({{ variance }} + {{ other_variance }}) * ({{ variance }} + {{ other_variance }}) / nullif(
        {{ variance }} * {{ variance }} / ({{ units }} - 1)
        + {{ other_variance }} * {{ other_variance }} / ({{ other_units }} - 1), 0
    )
{%- endmacro %}

{#-
    One end of the 95 % interval of the difference of two means: of shares after Newcombe, which holds for
    few units and for none out of n as well; of other means after Welch.
-#}
{% macro difference_bound(rows, end) -%}
    {%- set bounds = [] -%}
    {%- for own in ['', 'control_'] -%}
        {%- do bounds.append(rows ~ '.' ~ own ~ 'mean') -%}
        {%- for side in ['low', 'high'] -%}
            {%- do bounds.append(wilson_bound(rows ~ '.' ~ own ~ 'value_sum', rows ~ '.' ~ own ~ 'units', side)) -%}
        {%- endfor -%}
    {%- endfor -%}
    case
        when {{ rows }}.is_share and {{ rows }}.variance is not null
            then {{ newcombe_bound(bounds[0], bounds[1], bounds[2], bounds[3], bounds[4], bounds[5], end) }}
        when not {{ rows }}.is_share
            then {{ rows }}.difference {{ {'low': '-', 'high': '+'}[end] }} {{ rows }}.reach * {{ rows }}.standard_error
    end
{%- endmacro %}

{#- One end of the 95 % interval of how many times the control's mean the difference is. -#}
{% macro lift_bound(rows, end) -%}
    ({{ ratio_bound(
        rows ~ '.mean', rows ~ '.variance', rows ~ '.control_mean', rows ~ '.control_variance', rows ~ '.reach', end
    ) }}) - 1
{%- endmacro %}

{#-
    What an experiment says, in words; docs/experiments.md explains the rule. Arms off their shares
    make every figure doubtful. An experiment with an end is judged when it is over; one without may
    be looked at any time. The test and the interval that stands beside it must both tell the difference
    from nought: of shares that just do, only one of the two may. Nothing seen says something only when
    as many units as planned were seen.
-#}
{% macro experiment_verdict(rows, splits) -%}
    case
        when {{ splits }}.is_broken then 'broken split'
        when
            {{ rows }}.adjusted_p_value < {{ significance_level() }}
            and (
                {{ rows }}.is_open
                or (
                    {{ rows }}.is_over
                    and ({{ rows }}.difference_low > 0 or {{ rows }}.difference_high < 0)
                )
            )
            then case when ({{ rows }}.difference > 0) = ({{ rows }}.better = 'up') then 'winner' else 'loser' end
        when
            {{ rows }}.variance is not null
            and (
                ({{ rows }}.is_over and {{ rows }}.sampled_units >= coalesce({{ rows }}.planned_sample, 0))
                or ({{ rows }}.is_open and {{ rows }}.sampled_units >= {{ rows }}.planned_sample)
            )
            then 'no difference seen'
        else 'too early'
    end
{%- endmacro %}
