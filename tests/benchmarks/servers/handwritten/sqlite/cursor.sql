SELECT '{"data":{"opportunities":{"pageInfo":{"endCursor":"' || created_at || '/' || id || '"}}}}'
FROM opportunity
WHERE organization_id = ?1
ORDER BY created_at, id
LIMIT 1 OFFSET ?2 - 1
