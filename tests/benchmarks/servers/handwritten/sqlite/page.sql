SELECT '{"data":{"opportunities":{"nodes":['
    || coalesce(group_concat(
        '{"id":"opp_' || id
        || '","name":' || json_quote(name)
        || ',"state":"' || state
        || '","estimatedRevenue":{"amount":"'
        || printf('%d.%02d', estimated_revenue / 100, estimated_revenue % 100)
        || '","currencyCode":"' || currency_code
        || '"},"createdAt":"' || created_at || '"}'
    ) FILTER (WHERE place <= 50), '')
    || '],"pageInfo":{"hasNextPage":' || iif(count(*) > 50, 'true', 'false')
    || ',"endCursor":' || json_quote(max(created_at || '/' || id) FILTER (WHERE place = 50))
    || '}}}}'
FROM (
    SELECT *, row_number() OVER (ORDER BY created_at, id) AS place
    FROM opportunity
    WHERE organization_id = ?1 AND (created_at, id) > (?2, ?3)
    ORDER BY created_at, id
    LIMIT 51
) AS page
