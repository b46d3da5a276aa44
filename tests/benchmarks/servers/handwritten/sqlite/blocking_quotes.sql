SELECT '{"data":{"closeOpportunity":{"code":"ACTIVE_QUOTES","blockingQuotes":{"nodes":[' || group_concat(
    '{"id":"quo_' || id
    || '","number":' || json_quote(number)
    || ',"revision":' || revision
    || ',"name":' || json_quote(name)
    || ',"state":"' || state
    || '","total":{"amount":"' || printf('%d.%02d', total / 100, total % 100)
    || '","currencyCode":"' || currency_code
    || '"},"effectiveFrom":' || json_quote(effective_from)
    || ',"effectiveTo":' || json_quote(effective_to)
    || ',"isExpired":' || iif(effective_to < date('now'), 'true', 'false')
    || '}') || ']}}}}'
FROM (
    SELECT * FROM quote
    WHERE organization_id = ?1 AND opportunity_id = ?2 AND state = 'ACTIVE'
    ORDER BY number, revision
) AS blocking
