SELECT '{"data":{"opportunities":{"nodes":['
    || coalesce(string_agg(
        '{"id":"opp_' || id
        || '","name":' || to_json(name)
        || ',"state":"' || state
        || '","estimatedRevenue":{"amount":"' || estimated_revenue
        || '","currencyCode":"' || currency_code
        || '"},"createdAt":"' || replace(created_at::text, ' ', 'T') || ':00"}',
        ',' ORDER BY place
    ) FILTER (WHERE place <= 50), '')
    || '],"pageInfo":{"hasNextPage":' || (count(*) > 50)
    || ',"endCursor":'
    || coalesce(to_json(max(created_at || '/' || id) FILTER (WHERE place = 50))::text, 'null')
    || '}}}}'
FROM (
    SELECT *, row_number() OVER (ORDER BY created_at, id) AS place
    FROM opportunity
    WHERE organization_id = $1 AND (created_at, id) > ($2, $3)
    ORDER BY created_at, id
    LIMIT 51
) AS page
