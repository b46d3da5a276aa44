SELECT state FROM opportunity WHERE organization_id = $1 AND id = $2 FOR UPDATE
