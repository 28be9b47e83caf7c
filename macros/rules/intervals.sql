{#- How many standard errors a 95 % interval reaches to either side. -#}
{% macro z_of_95_percent() -%} 1.959963984540054 {%- endmacro %}

{#-
    One end of the 95 % Wilson interval of a share, `low` or `high`, eight places; NULL without trials. It stays within 0 and 1, and says something of 0 and of all out of n as well.
    Wilson (1927), Journal of the American Statistical Association 22.
-#}
{% macro wilson_bound(successes, trials, end) -%}
    {%- set side = {'low': '-', 'high': '+'}[end] -%}
    {%- set n = 'nullif(cast(' ~ trials ~ ' as ' ~ type_double() ~ '), 0)' -%}
    {%- set p = '(cast(' ~ successes ~ ' as ' ~ type_double() ~ ') / ' ~ n ~ ')' -%}
    {%- set z = z_of_95_percent() | trim -%}
    {{ to_bound(
        '(' ~ p ~ ' + ' ~ z ~ ' * ' ~ z ~ ' / (2 * ' ~ n ~ ') ' ~ side ~ ' ' ~ z ~ ' * sqrt(' ~ p ~ ' * (1 - ' ~ p ~ ') / ' ~ n
        ~ ' + ' ~ z ~ ' * ' ~ z ~ ' / (4 * ' ~ n ~ ' * ' ~ n ~ '))) / (1 + ' ~ z ~ ' * ' ~ z ~ ' / ' ~ n ~ ')'
    ) }}
{%- endmacro %}

{#-
    One end of the 95 % interval of the difference between two shares, from the shares and the ends of
    their Wilson intervals: Newcombe (1998), Statistics in Medicine 17, method 10.
-#}
{% macro newcombe_bound(share, low, high, other_share, other_low, other_high, end) -%}
    {%- set side, own, other = {'low': ('-', low, other_high), 'high': ('+', high, other_low)}[end] -%}
    {{ to_bound(
        share ~ ' - ' ~ other_share ~ ' ' ~ side ~ ' sqrt(cast('
        ~ '(' ~ share ~ ' - ' ~ own ~ ') * (' ~ share ~ ' - ' ~ own ~ ')'
        ~ ' + (' ~ other_share ~ ' - ' ~ other ~ ') * (' ~ other_share ~ ' - ' ~ other ~ ')'
        ~ ' as ' ~ type_double() ~ '))'
    ) }}
{%- endmacro %}

{#- Promoters less detractors in percent of the answers (NPS), six places; NULL without answers. -#}
{% macro net_promoter_score(promoters, detractors, answers) -%}
    {{ rate('100 * (' ~ promoters ~ ' - ' ~ detractors ~ ')', answers) }}
{%- endmacro %}

{#-
    One end of the 95 % normal interval of a net promoter score, within -100 and 100. An answer is 1,
    0 or -1, so its variance is (p + d) - (p - d) squared. Where all answers are of one kind the
    variance is 0, and the interval is the score itself.
-#}
{% macro net_promoter_bound(promoters, detractors, answers, end) -%}
    {%- set side = {'low': '-', 'high': '+'}[end] -%}
    {%- set n = 'nullif(cast(' ~ answers ~ ' as ' ~ type_double() ~ '), 0)' -%}
    {%- set p = '(cast(' ~ promoters ~ ' as ' ~ type_double() ~ ') / ' ~ n ~ ')' -%}
    {%- set d = '(cast(' ~ detractors ~ ' as ' ~ type_double() ~ ') / ' ~ n ~ ')' -%}
    {#- least() and greatest() pass over NULL, so it is asked for. -#}
    {{ to_bound(
        'case when ' ~ p ~ ' - ' ~ d ~ ' is not null then least(100, greatest(-100, 100 * (' ~ p ~ ' - ' ~ d ~ ' ' ~ side ~ ' '
        ~ z_of_95_percent() | trim ~ ' * sqrt(greatest(0, ' ~ p ~ ' + ' ~ d ~ ' - (' ~ p ~ ' - ' ~ d ~ ') * (' ~ p ~ ' - ' ~ d
        ~ ')) / ' ~ n ~ ')))) end'
    ) }}
{%- endmacro %}

{#- An end of an interval: eight places, so that every engine gives the same digits. -#}
{% macro to_bound(expression) -%}
    cast(round(cast({{ expression }} as decimal(28, 12)), 8) as decimal(18, 8))
{%- endmacro %}
