WITH closing AS (
    INSERT INTO opportunity_close (
        organization_id, id, opportunity_id, state, outcome, status_reason_id,
        actual_revenue, currency_code, closed_on, closed_by_id, created_at
    )
    SELECT
        o.organization_id, uuidv7(), o.id, 'COMPLETED', 'WON', r.id,
        coalesce(w.total, o.estimated_revenue), o.currency_code, current_date, $3, now()
    FROM opportunity AS o
    JOIN status_reason AS r ON r.organization_id = o.organization_id AND r.code = 3
    LEFT JOIN quote AS w
        ON w.organization_id = o.organization_id AND w.opportunity_id = o.id AND w.state = 'WON'
    WHERE o.organization_id = $1 AND o.id = $2
    RETURNING *
)
UPDATE opportunity AS o
SET
    state = c.outcome,
    status_reason_id = c.status_reason_id,
    actual_revenue = c.actual_revenue,
    closed_on = c.closed_on,
    close_id = c.id,
    version = o.version + 1,
    updated_at = now()
FROM closing AS c
WHERE o.organization_id = c.organization_id AND o.id = c.opportunity_id AND o.state = 'OPEN'
RETURNING '{"data":{"closeOpportunity":{"opportunity":{"id":"opp_' || o.id
    || '","state":"' || o.state
    || '","closedOn":"' || o.closed_on
    || '","actualRevenue":{"amount":"' || o.actual_revenue || '","currencyCode":"' || o.currency_code
    || '"}}}}}'
