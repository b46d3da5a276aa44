SELECT '{"data":{"stateTotals":[' || coalesce(string_agg(
    '{"state":"' || state
    || '","count":' || opportunities
    || ',"revenue":[' || coalesce(revenue, '')
    || '],"estimatedRevenue":[' || coalesce(estimated_revenue, '')
    || ']}', ',' ORDER BY opportunities DESC), '') || ']}}'
FROM (
    SELECT
        state,
        sum(opportunities) AS opportunities,
        string_agg(
            '{"amount":"' || revenue || '","currencyCode":"' || currency_code || '"}',
            ',' ORDER BY currency_code
        ) AS revenue,
        string_agg(
            '{"amount":"' || estimated_revenue || '","currencyCode":"' || currency_code || '"}',
            ',' ORDER BY currency_code
        ) AS estimated_revenue
    FROM (
        SELECT
            state,
            currency_code,
            count(*) AS opportunities,
            sum(actual_revenue) AS revenue,
            sum(estimated_revenue) FILTER (WHERE state = 'OPEN') AS estimated_revenue
        FROM opportunity
        WHERE organization_id = $1
        GROUP BY state, currency_code
    ) AS by_currency
    GROUP BY state
) AS totals
