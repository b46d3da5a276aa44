SELECT '{"data":{"opportunity":' || coalesce((
    SELECT '{"id":"opp_' || o.id
        || '","name":' || json_quote(o.name)
        || ',"state":"' || o.state
        || '","estimatedRevenue":{"amount":"'
        || printf('%d.%02d', o.estimated_revenue / 100, o.estimated_revenue % 100)
        || '","currencyCode":"' || o.currency_code
        || '"},"estimatedCloseDate":' || json_quote(o.estimated_close_date)
        || ',"account":{"id":"acc_' || a.id || '","name":' || json_quote(a.name)
        || '},"owner":{"id":"usr_' || u.id || '","name":' || json_quote(u.name)
        || '},"quotes":{"nodes":[' || coalesce((
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
        ), '') || ']}}'
    FROM opportunity AS o
    JOIN account AS a ON a.organization_id = o.organization_id AND a.id = o.account_id
    JOIN app_user AS u ON u.organization_id = o.organization_id AND u.id = o.owner_id
    WHERE o.organization_id = ?1 AND o.id = ?2
), 'null') || '}}'
