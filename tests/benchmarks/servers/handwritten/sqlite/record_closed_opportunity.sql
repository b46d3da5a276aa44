INSERT INTO opportunity_close (
    organization_id, id, opportunity_id, state, outcome, status_reason_id,
    actual_revenue, currency_code, closed_on, closed_by_id, created_at
)
SELECT
    o.organization_id, ?2, o.id, 'COMPLETED', 'WON', r.id,
    coalesce(w.total, o.estimated_revenue), o.currency_code, date('now'), ?4,
    strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')
FROM opportunity AS o
JOIN status_reason AS r ON r.organization_id = o.organization_id AND r.code = 3
LEFT JOIN quote AS w
    ON w.organization_id = o.organization_id AND w.opportunity_id = o.id AND w.state = 'WON'
WHERE o.organization_id = ?1 AND o.id = ?3
