-- Proves that equal measures score alike and a better measure never scores lower, for recency,
-- frequency and money, among the buyers of each customer type.
with

measures as (

    {% for score, measure in [
        ('recency', 'last_order_at'), ('frequency', 'order_moments'), ('monetary', 'net_amount'),
    ] -%}
    select
        '{{ score }}' as score_name,
        customer_type,
        min({{ score }}_score) as lowest_score,
        max({{ score }}_score) as highest_score,
        rank() over (partition by customer_type order by {{ measure }}) as place
    from {{ ref('customer_rfm') }}
    group by customer_type, {{ measure }}
    {% if not loop.last %}
    union all

    {% endif %}
    {%- endfor %}

),

compared as (

    select
        *,
        lag(highest_score) over (partition by score_name, customer_type order by place) as worse_score
    from measures

)

select * from compared
where
    lowest_score <> highest_score
    or lowest_score < worse_score
