SELECT '{"data":{"stateTotals":[' || coalesce(group_concat(
    '{"state":"' || state
    || '","count":' || opportunities
    || ',"revenue":[' || coalesce(revenue, '')
    || '],"estimatedRevenue":[' || coalesce(estimated_revenue, '')
    || ']}'), '') || ']}}'
FROM (
    SELECT
        state,
        sum(opportunities) AS opportunities,
        group_concat(
            '{"amount":"' || printf('%d.%02d', revenue / 100, revenue % 100)
            || '","currencyCode":"' || currency_code || '"}'
        ) FILTER (WHERE revenue IS NOT NULL) AS revenue,
        group_concat(
            '{"amount":"' || printf('%d.%02d', estimated_revenue / 100, estimated_revenue % 100)
            || '","currencyCode":"' || currency_code || '"}'
        ) FILTER (WHERE estimated_revenue IS NOT NULL) AS estimated_revenue
    FROM (
        SELECT
            state,
            currency_code,
            count(*) AS opportunities,
            sum(actual_revenue) AS revenue,
            sum(estimated_revenue) FILTER (WHERE state = 'OPEN') AS estimated_revenue
        FROM opportunity
        WHERE organization_id = ?1
        GROUP BY state, currency_code
        ORDER BY state, currency_code
    ) AS by_currency
    GROUP BY state
    ORDER BY opportunities DESC
) AS totals
