SELECT '{"data":{"opportunity":' || coalesce((
    SELECT '{"id":"opp_' || o.id
        || '","name":' || to_json(o.name)
        || ',"state":"' || o.state
        || '","estimatedRevenue":{"amount":"' || o.estimated_revenue
        || '","currencyCode":"' || o.currency_code
        || '"},"estimatedCloseDate":' || coalesce('"' || o.estimated_close_date || '"', 'null')
        || ',"account":{"id":"acc_' || a.id || '","name":' || to_json(a.name)
        || '},"owner":{"id":"usr_' || u.id || '","name":' || to_json(u.name)
        || '},"quotes":{"nodes":[' || coalesce((
            SELECT string_agg(
                '{"id":"quo_' || q.id
                || '","number":' || to_json(q.number)
                || ',"revision":' || q.revision
                || ',"state":"' || q.state
                || '","total":{"amount":"' || q.total || '","currencyCode":"' || q.currency_code
                || '"},"effectiveTo":' || coalesce('"' || q.effective_to || '"', 'null')
                || '}', ',')
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
    WHERE o.organization_id = $1 AND o.id = $2
), 'null') || '}}'
