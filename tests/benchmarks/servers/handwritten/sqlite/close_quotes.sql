UPDATE quote
SET
    state = 'CLOSED',
    status_reason = 'LOST',
    version = version + 1,
    updated_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')
WHERE organization_id = ?1 AND opportunity_id = ?2 AND state IN ('ACTIVE', 'DRAFT')
RETURNING number, id, '{"id":"quo_' || id
    || '","number":' || json_quote(number)
    || ',"revision":' || revision
    || ',"state":"' || state || '"}'
