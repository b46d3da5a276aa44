SELECT '{"data":{"opportunities":{"nodes":[' || coalesce(group_concat(
    '{"id":"opp_' || o.id
    || '","name":' || json_quote(o.name)
    || ',"state":"' || o.state
    || '","estimatedRevenue":{"amount":"'
    || printf('%d.%02d', o.estimated_revenue / 100, o.estimated_revenue % 100)
    || '","currencyCode":"' || o.currency_code
    || '"},"estimatedCloseDate":' || json_quote(o.estimated_close_date)
    || ',"account":' || (
        SELECT '{"id":"acc_' || a.id || '","name":' || json_quote(a.name) || '}'
        FROM account AS a
        WHERE a.organization_id = o.organization_id AND a.id = o.account_id
    )
    || ',"owner":' || (
        SELECT '{"id":"usr_' || u.id || '","name":' || json_quote(u.name) || '}'
        FROM app_user AS u
        WHERE u.organization_id = o.organization_id AND u.id = o.owner_id
    )
    || ',"quotes":{"nodes":[' || coalesce((
        SELECT group_concat(
            '{"id":"quo_' || q.id
            || '","number":' || json_quote(q.number)
            || ',"revision":' || q.revision
            || ',"state":"' || q.state
            || '","total":{"amount":"' || printf('%d.%02d', q.total / 100, q.total % 100)
            || '","currencyCode":"' || q.currency_code
            || '"},"effectiveTo":' || json_quote(q.effective_to)
            || '}')
        FROM (
            SELECT * FROM quote
            WHERE organization_id = o.organization_id AND opportunity_id = o.id
            ORDER BY number, revision
            LIMIT 20
        ) AS q
    ), '') || ']}}'), '') || ']}}}'
FROM (
    SELECT * FROM opportunity
    WHERE organization_id = ?1 AND owner_id = ?2 AND state = 'OPEN'
    ORDER BY coalesce(estimated_close_date, '9999-12-31'), id
    LIMIT 50
) AS o
