SELECT '{"data":{"opportunities":{"pageInfo":{"endCursor":"' || created_at || '/' || id || '"}}}}'
FROM opportunity
WHERE organization_id = $1
ORDER BY created_at, id
OFFSET $2 - 1
LIMIT 1
