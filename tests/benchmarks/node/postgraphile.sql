-- What PostGraphile users add to their tables: functions as mutations, a computed column, and an index.

-- PostGraphile sorts by columns; the tables' indexes sort by an expression that puts missing dates last.
CREATE INDEX opportunity_by_owner_plainly
ON opportunity (organization_id, owner_id, state, estimated_close_date, id);

-- The foreign key of the lines includes the currency, which no index includes.
COMMENT ON TABLE quote_line IS
'@foreignKey (organization_id, quote_id) references quote (organization_id, id)|@foreignFieldName lines';

CREATE FUNCTION quote_is_expired(quote quote) RETURNS boolean
LANGUAGE sql STABLE
RETURN coalesce(quote.effective_to < current_date, FALSE);

CREATE TYPE amount_in_currency AS (amount numeric, currency_code text);
CREATE TYPE state_total AS (
    state text, count integer, revenue amount_in_currency[], estimated_revenue amount_in_currency[]
);

CREATE FUNCTION state_totals(organization_id uuid) RETURNS SETOF state_total
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH by_currency AS (
        SELECT
            state,
            currency_code,
            count(*) AS opportunities,
            sum(actual_revenue) AS revenue,
            sum(estimated_revenue) FILTER (WHERE state = 'OPEN') AS estimated_revenue
        FROM opportunity AS o
        WHERE o.organization_id = state_totals.organization_id
        GROUP BY state, currency_code
    )
    SELECT
        state,
        sum(opportunities)::integer,
        coalesce(
            array_agg((revenue, currency_code)::amount_in_currency ORDER BY currency_code)
            FILTER (WHERE revenue IS NOT NULL),
            '{}'
        ),
        coalesce(
            array_agg((estimated_revenue, currency_code)::amount_in_currency ORDER BY currency_code)
            FILTER (WHERE estimated_revenue IS NOT NULL),
            '{}'
        )
    FROM by_currency
    GROUP BY state
    ORDER BY sum(opportunities) DESC;
END;

CREATE TYPE opportunity_closing AS (code text, opportunity opportunity, blocking_quotes quote[]);

CREATE FUNCTION lock_open_opportunity(organization_id uuid, opportunity_id uuid) RETURNS opportunity
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    found_opportunity opportunity;
BEGIN
    SELECT * INTO found_opportunity FROM opportunity AS o
    WHERE o.organization_id = lock_open_opportunity.organization_id
        AND o.id = lock_open_opportunity.opportunity_id
    FOR UPDATE;
    IF found_opportunity.state IS DISTINCT FROM 'OPEN' THEN
        RAISE EXCEPTION 'The opportunity is not open.';
    END IF;
    RETURN found_opportunity;
END;
$$;
COMMENT ON FUNCTION lock_open_opportunity IS '@behavior -*';

CREATE FUNCTION close_quotes(organization_id uuid, opportunity_id uuid, closed_by_id uuid) RETURNS SETOF quote
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    PERFORM lock_open_opportunity(organization_id, opportunity_id);
    RETURN QUERY
    WITH closed AS (
        UPDATE quote AS q
        SET state = 'CLOSED', status_reason = 'LOST', version = version + 1, updated_at = now()
        WHERE q.organization_id = close_quotes.organization_id
            AND q.opportunity_id = close_quotes.opportunity_id
            AND q.state IN ('ACTIVE', 'DRAFT')
        RETURNING q.*
    ),
    recorded AS (
        INSERT INTO quote_close (
            organization_id, id, quote_id, reason, closed_on, closed_by_id, created_at
        )
        SELECT
            c.organization_id, uuidv7(), c.id, c.status_reason, current_date,
            close_quotes.closed_by_id, now()
        FROM closed AS c
    )
    SELECT * FROM closed ORDER BY number, revision;
END;
$$;

CREATE FUNCTION close_opportunity(
    organization_id uuid, opportunity_id uuid, closed_by_id uuid
) RETURNS opportunity_closing
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    answer opportunity_closing;
    closed opportunity;
    new_close_id uuid := uuidv7();
BEGIN
    answer.opportunity := lock_open_opportunity(organization_id, opportunity_id);
    SELECT array_agg(q ORDER BY q.number, q.revision) INTO answer.blocking_quotes
    FROM quote AS q
    WHERE q.organization_id = close_opportunity.organization_id
        AND q.opportunity_id = close_opportunity.opportunity_id
        AND q.state = 'ACTIVE';
    IF answer.blocking_quotes IS NOT NULL THEN
        answer.code := 'ACTIVE_QUOTES';
        RETURN answer;
    END IF;

    INSERT INTO opportunity_close (
        organization_id, id, opportunity_id, state, outcome, status_reason_id,
        actual_revenue, currency_code, closed_on, closed_by_id, created_at
    )
    SELECT
        o.organization_id, new_close_id, o.id, 'COMPLETED', 'WON', r.id,
        coalesce(w.total, o.estimated_revenue), o.currency_code, current_date,
        close_opportunity.closed_by_id, now()
    FROM opportunity AS o
    JOIN status_reason AS r ON r.organization_id = o.organization_id AND r.code = 3
    LEFT JOIN quote AS w
        ON w.organization_id = o.organization_id AND w.opportunity_id = o.id AND w.state = 'WON'
    WHERE o.organization_id = close_opportunity.organization_id AND o.id = close_opportunity.opportunity_id;

    UPDATE opportunity AS o
    SET
        state = c.outcome,
        status_reason_id = c.status_reason_id,
        actual_revenue = c.actual_revenue,
        closed_on = c.closed_on,
        close_id = c.id,
        version = version + 1,
        updated_at = now()
    FROM opportunity_close AS c
    WHERE c.organization_id = close_opportunity.organization_id
        AND c.id = new_close_id
        AND o.organization_id = c.organization_id
        AND o.id = c.opportunity_id
        AND o.state = 'OPEN'
    RETURNING o.* INTO closed;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The opportunity was closed by someone else.';
    END IF;
    answer.opportunity := closed;
    RETURN answer;
END;
$$;
