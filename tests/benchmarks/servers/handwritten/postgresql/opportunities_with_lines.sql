SELECT '{"data":{"opportunities":{"nodes":[' || coalesce(string_agg(
    '{"id":"opp_' || o.id
    || '","name":' || to_json(o.name)
    || ',"state":"' || o.state
    || '","estimatedRevenue":{"amount":"' || o.estimated_revenue
    || '","currencyCode":"' || o.currency_code
    || '"},"estimatedCloseDate":' || coalesce('"' || o.estimated_close_date || '"', 'null')
    || ',"account":' || (
        SELECT '{"id":"acc_' || a.id || '","name":' || to_json(a.name) || '}'
        FROM account AS a
        WHERE a.organization_id = o.organization_id AND a.id = o.account_id
    )
    || ',"owner":{"id":"usr_' || u.id || '","name":' || to_json(u.name)
    || '},"quotes":{"nodes":[' || coalesce((
        SELECT string_agg(
            '{"id":"quo_' || q.id
            || '","number":' || to_json(q.number)
            || ',"revision":' || q.revision
            || ',"state":"' || q.state
            || '","total":{"amount":"' || q.total || '","currencyCode":"' || q.currency_code
            || '"},"effectiveTo":' || coalesce('"' || q.effective_to || '"', 'null')
            || ',"lines":{"nodes":[' || coalesce((
                SELECT string_agg(
                    '{"id":"qln_' || l.id
                    || '","name":' || to_json(l.name)
                    || ',"quantity":"' || l.quantity
                    || '","total":{"amount":"' || l.total || '","currencyCode":"' || l.currency_code
                    || '"}}', ',')
                FROM (
                    SELECT * FROM quote_line
                    WHERE organization_id = q.organization_id AND quote_id = q.id
                    ORDER BY position
                    LIMIT 20
                ) AS l
            ), '') || ']}}', ',')
        FROM (
            SELECT * FROM quote
            WHERE organization_id = o.organization_id AND opportunity_id = o.id
            ORDER BY number, revision
            LIMIT 20
        ) AS q
    ), '') || ']}}', ',' ORDER BY o.estimated_close_date_key, o.id), '') || ']}}}'
FROM (
    SELECT * FROM opportunity
    WHERE organization_id = $1 AND owner_id = $2 AND state = 'OPEN'
    ORDER BY estimated_close_date_key, id
    LIMIT 50
) AS o
JOIN app_user AS u ON u.organization_id = o.organization_id AND u.id = o.owner_id
