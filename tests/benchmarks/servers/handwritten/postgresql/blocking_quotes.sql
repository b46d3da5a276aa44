SELECT '{"data":{"closeOpportunity":{"code":"ACTIVE_QUOTES","blockingQuotes":{"nodes":[' || string_agg(
    '{"id":"quo_' || id
    || '","number":' || to_json(number)
    || ',"revision":' || revision
    || ',"name":' || to_json(name)
    || ',"state":"' || state
    || '","total":{"amount":"' || total || '","currencyCode":"' || currency_code
    || '"},"effectiveFrom":' || coalesce('"' || effective_from || '"', 'null')
    || ',"effectiveTo":' || coalesce('"' || effective_to || '"', 'null')
    || ',"isExpired":' || coalesce(effective_to < current_date, FALSE)
    || '}', ',' ORDER BY number, revision) || ']}}}}'
FROM quote
WHERE organization_id = $1 AND opportunity_id = $2 AND state = 'ACTIVE'
