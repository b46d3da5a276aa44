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
            || ',"lines":{"nodes":[' || coalesce((
                SELECT group_concat(
                    '{"id":"qln_' || l.id
                    || '","name":' || json_quote(l.name)
                    || ',"quantity":"' || printf('%d.%02d', l.quantity / 100, l.quantity % 100)
                    || '","total":{"amount":"' || printf('%d.%02d', l.total / 100, l.total % 100)
                    || '","currencyCode":"' || l.currency_code
                    || '"}}')
                FROM (
                    SELECT * FROM quote_line
                    WHERE organization_id = q.organization_id AND quote_id = q.id
                    ORDER BY position
                    LIMIT 20
                ) AS l
            ), '') || ']}}')
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
