-- Touches of known, new and unknown people; a corrected one is a later load of the same id.
create temp table delivered_interactions as
(
    select
        interactions.* exclude (position) replace (
            'ID' || substr(interaction_id, 2) as interaction_id,
            coalesce(newcomer.customer_id, interactions.customer_id) as customer_id,
            today_at(occurred_at) as occurred_at,
            null as order_id,
            loaded_at() as _loaded_at
        ),
        'new' as mix
    from (
        select
            *,
            row_number() over (order by md5(interaction_id), interaction_id) - 1 as position
        from (
            select * from interactions
            order by md5(interaction_id), interaction_id
            limit (select part(count(*), 0.7) from interactions)
        ) as chosen
    ) as interactions
    left join new_customers as newcomer
        on
            interactions.position % 7 < 2 and interactions.customer_id is not null
            and newcomer.position = interactions.position % (select count(*) from new_customers)
)
union all by name
(
    select
        interactions.* replace (
            'IL' || substr(interaction_id, 2) as interaction_id,
            occurred_at + interval 1 hour as occurred_at,
            loaded_at() as _loaded_at
        ),
        'late' as mix
    from interactions
    where occurred_at < (select starts_at - interval 60 day from today)
    order by md5('late' || interaction_id), interaction_id
    limit (select part(count(*), 0.1) from interactions)
)
union all by name
(
    select
        interactions.* replace ('corrected' as utm_campaign, loaded_at() as _loaded_at),
        'correction' as mix
    from interactions
    order by md5('correction' || interaction_id), interaction_id
    limit (select part(count(*), 0.1) from interactions)
)
union all by name
(
    select
        interactions.* replace (loaded_at() as _loaded_at),
        'repeat' as mix
    from interactions
    order by md5('repeat' || interaction_id), interaction_id
    limit (select part(count(*), 0.1) from interactions)
);
