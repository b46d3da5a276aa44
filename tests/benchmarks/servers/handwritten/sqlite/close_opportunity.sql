UPDATE opportunity
SET
    state = c.outcome,
    status_reason_id = c.status_reason_id,
    actual_revenue = c.actual_revenue,
    closed_on = c.closed_on,
    close_id = c.id,
    version = version + 1,
    updated_at = c.created_at
FROM opportunity_close AS c
WHERE opportunity.organization_id = ?1
    AND opportunity.id = ?3
    AND opportunity.state = 'OPEN'
    AND c.organization_id = ?1
    AND c.id = ?2
RETURNING '{"data":{"closeOpportunity":{"opportunity":{"id":"opp_' || opportunity.id
    || '","state":"' || opportunity.state
    || '","closedOn":"' || opportunity.closed_on
    || '","actualRevenue":{"amount":"'
    || printf('%d.%02d', opportunity.actual_revenue / 100, opportunity.actual_revenue % 100)
    || '","currencyCode":"' || opportunity.currency_code
    || '"}}}}}'
