// The queries and mutations of the two servers with resolvers.

import pg from "pg";

const organization = process.env.ORGANIZATION_ID;
const user = process.env.USER_ID;

pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const OPPORTUNITY = `
  id, name, state, account_id AS "accountId", owner_id AS "ownerId", estimated_revenue AS "estimatedRevenue",
  actual_revenue AS "actualRevenue", currency_code AS "currencyCode",
  estimated_close_date AS "estimatedCloseDate", closed_on AS "closedOn", created_at AS "createdAt"`;
const QUOTE = `
  id, opportunity_id AS "opportunityId", number, revision, name, state, total,
  currency_code AS "currencyCode", effective_from AS "effectiveFrom", effective_to AS "effectiveTo",
  coalesce(effective_to < current_date, false) AS "isExpired"`;

export async function opportunity(id) {
  const [found] = await rows(
    "opportunity",
    `SELECT ${OPPORTUNITY} FROM opportunity WHERE organization_id = $1 AND id = $2`,
    [organization, id],
  );
  return found ?? null;
}

export function openOpportunities(ownerId, first) {
  return rows(
    "open-opportunities",
    `SELECT ${OPPORTUNITY} FROM opportunity
     WHERE organization_id = $1 AND owner_id = $2 AND state = 'OPEN'
     ORDER BY estimated_close_date_key, id LIMIT $3`,
    [organization, ownerId, first],
  );
}

export async function opportunities(first, after) {
  const [createdAt, id] = after?.split("/") ?? ["-infinity", "00000000-0000-0000-0000-000000000000"];
  const found = await rows(
    "opportunities",
    `SELECT ${OPPORTUNITY} FROM opportunity
     WHERE organization_id = $1 AND (created_at, id) > ($2, $3)
     ORDER BY created_at, id LIMIT $4`,
    [organization, createdAt, id, first + 1],
  );
  const nodes = found.slice(0, first);
  const last = nodes.at(-1);
  const endCursor = last ? `${last.createdAt.toISOString()}/${last.id}` : null;
  return { nodes, pageInfo: { hasNextPage: found.length > first, endCursor } };
}

export async function stateTotals() {
  const found = await rows(
    "state-totals",
    `SELECT state, currency_code AS "currencyCode", count(*)::integer AS count,
       sum(actual_revenue) AS revenue, sum(estimated_revenue) FILTER (WHERE state = 'OPEN') AS estimated
     FROM opportunity WHERE organization_id = $1
     GROUP BY state, currency_code ORDER BY currency_code`,
    [organization],
  );
  const totals = new Map();
  for (const { state, currencyCode, count, revenue, estimated } of found) {
    const total = totals.get(state) ?? { state, count: 0, revenue: [], estimatedRevenue: [] };
    totals.set(state, total);
    total.count += count;
    if (revenue !== null) total.revenue.push({ amount: revenue, currencyCode });
    if (estimated !== null) total.estimatedRevenue.push({ amount: estimated, currencyCode });
  }
  return [...totals.values()].sort((one, other) => other.count - one.count);
}

export async function accountsByIds(ids) {
  const found = await rows(
    "accounts",
    "SELECT id, name FROM account WHERE organization_id = $1 AND id = ANY($2)",
    [organization, ids],
  );
  return inOrder(ids, found);
}

export async function usersByIds(ids) {
  const found = await rows(
    "users",
    "SELECT id, name FROM app_user WHERE organization_id = $1 AND id = ANY($2)",
    [organization, ids],
  );
  return inOrder(ids, found);
}

export async function quotesByOpportunities(ids) {
  const found = await rows(
    "quotes",
    `SELECT ${QUOTE} FROM quote WHERE organization_id = $1 AND opportunity_id = ANY($2)
     ORDER BY number, revision`,
    [organization, ids],
  );
  return grouped(ids, found, "opportunityId");
}

export async function linesByQuotes(ids) {
  const found = await rows(
    "lines",
    `SELECT id, quote_id AS "quoteId", name, quantity, total, currency_code AS "currencyCode"
     FROM quote_line WHERE organization_id = $1 AND quote_id = ANY($2) ORDER BY position`,
    [organization, ids],
  );
  return grouped(ids, found, "quoteId");
}

export function closeQuotes(opportunityId) {
  return transaction(async (query) => {
    await lock(query, opportunityId);
    const quotes = await query(
      "close-quotes",
      `UPDATE quote SET state = 'CLOSED', status_reason = 'LOST', version = version + 1, updated_at = now()
       WHERE organization_id = $1 AND opportunity_id = $2 AND state IN ('ACTIVE', 'DRAFT')
       RETURNING ${QUOTE}`,
      [organization, opportunityId],
    );
    await query(
      "record-quotes",
      `INSERT INTO quote_close (organization_id, id, quote_id, reason, closed_on, closed_by_id, created_at)
       SELECT $1, uuidv7(), unnest($2::uuid[]), 'LOST', current_date, $3, now()`,
      [organization, quotes.map((quote) => quote.id), user],
    );
    return quotes.sort((one, other) => (one.number < other.number ? -1 : 1));
  });
}

// Returns the closed opportunity, or the quotes that block it.
export function closeOpportunity(opportunityId) {
  return transaction(async (query) => {
    await lock(query, opportunityId);
    const blockingQuotes = await query(
      "blocking-quotes",
      `SELECT ${QUOTE} FROM quote
       WHERE organization_id = $1 AND opportunity_id = $2 AND state = 'ACTIVE' ORDER BY number, revision`,
      [organization, opportunityId],
    );
    if (blockingQuotes.length > 0) return { blockingQuotes };
    const [close] = await query(
      "record-opportunity",
      `INSERT INTO opportunity_close (organization_id, id, opportunity_id, state, outcome, status_reason_id,
         actual_revenue, currency_code, closed_on, closed_by_id, created_at)
       SELECT o.organization_id, uuidv7(), o.id, 'COMPLETED', 'WON', r.id,
         coalesce(w.total, o.estimated_revenue), o.currency_code, current_date, $3, now()
       FROM opportunity AS o
       JOIN status_reason AS r ON r.organization_id = o.organization_id AND r.code = 3
       LEFT JOIN quote AS w
         ON w.organization_id = o.organization_id AND w.opportunity_id = o.id AND w.state = 'WON'
       WHERE o.organization_id = $1 AND o.id = $2
       RETURNING id, status_reason_id AS reason, actual_revenue AS revenue`,
      [organization, opportunityId, user],
    );
    const [closed] = await query(
      "close-opportunity",
      `UPDATE opportunity SET state = 'WON', status_reason_id = $3, actual_revenue = $4,
         closed_on = current_date, close_id = $5, version = version + 1, updated_at = now()
       WHERE organization_id = $1 AND id = $2 AND state = 'OPEN'
       RETURNING ${OPPORTUNITY}`,
      [organization, opportunityId, close.reason, close.revenue, close.id],
    );
    if (!closed) throw new Error("The opportunity was closed by someone else.");
    return { opportunity: closed };
  });
}

async function lock(query, opportunityId) {
  const [locked] = await query(
    "lock",
    "SELECT state FROM opportunity WHERE organization_id = $1 AND id = $2 FOR UPDATE",
    [organization, opportunityId],
  );
  if (locked?.state !== "OPEN") throw new Error("The opportunity is not open.");
}

async function transaction(work) {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const query = async (name, text, values) => (await client.query({ name, text, values })).rows;
    const answer = await work(query);
    await client.query("COMMIT");
    return answer;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

async function rows(name, text, values) {
  return (await pool.query({ name, text, values })).rows;
}

function inOrder(ids, found) {
  const byId = new Map(found.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id));
}

function grouped(ids, found, key) {
  const groups = new Map(ids.map((id) => [id, []]));
  for (const row of found) groups.get(row[key]).push(row);
  return ids.map((id) => groups.get(id));
}
