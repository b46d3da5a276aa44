INSERT INTO quote_close (organization_id, id, quote_id, reason, closed_on, closed_by_id, created_at)
VALUES (?1, ?2, ?3, 'LOST', date('now'), ?4, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
