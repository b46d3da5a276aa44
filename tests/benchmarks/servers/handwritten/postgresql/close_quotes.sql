WITH closed AS (
    UPDATE quote
    SET state = 'CLOSED', status_reason = 'LOST', version = version + 1, updated_at = now()
    WHERE organization_id = $1 AND opportunity_id = $2 AND state IN ('ACTIVE', 'DRAFT')
    RETURNING *
),
recorded AS (
    INSERT INTO quote_close (
        organization_id, id, quote_id, reason, closed_on, closed_by_id, created_at
    )
    SELECT organization_id, uuidv7(), id, status_reason, current_date, $3, now() FROM closed
)
SELECT '{"data":{"closeQuotes":{"quotes":[' || coalesce(string_agg(
    '{"id":"quo_' || id
    || '","number":' || to_json(number)
    || ',"revision":' || revision
    || ',"state":"' || state || '"}', ',' ORDER BY number, revision), '') || ']}}}'
FROM closed
