-- The pending list: every stuck order that an agent can act on, one row an order.
--
-- Read by `pi-manager triage`. Edit it freely, with these rules:
--   * ONE statement; a semicolon at its end is fine.
--   * $1 is the time "as of when", UTC. Use it instead of the server's clock, so that a run can be repeated exactly.
--   * Keep the columns order_id, sub_state, currency_from, send_amount and created_at. Every other column is a fact
--     that the rules in policy.yaml can read by its name: add what you need.
--   * No LIMIT: pi-manager counts what comes back, and a cut list cannot be trusted.
--   * Every table can hold several rows for one order, so never join one directly: rank its rows first, as below.
--     The newest row counts: the greatest updated_at, or created_at where that is empty. Rows that are equally new
--     are ranked by what they say, so that the same data always gives the same answer.
--   * Words that mean the same on Amazon Redshift and PostgreSQL only (the tests run on PostgreSQL).
--
-- What is left out, and why:
--   status      Ended orders (COMPLETED, CANCELLED, REFUNDED, EXPIRED) need nobody; CREATED ones are not paid yet.
--   sub-state   A list of what agents can act on. A new sub-state stays out until somebody has looked at it.
--               Known and left out: CNR_RESERVED_WAIT, INIT_PAYMENT, CREATED, PRE_ORDER, PAYMENT_INITIATED,
--               COMPLETED, CANCELLED.
--   currency    Only AED, GBP and EUR are ECM's.
--   age         Below 12 hours an order may still flow by itself; above 30 days it is a case for finance.
--   payment     Nobody paid, so nobody waits: a COMPLETED payment must exist.
--   dead        An AED order that Lulu never heard of never left the order system: an agent can do nothing. GBP and
--               EUR orders may lack a record further on, because Falcon creates it late.

WITH candidates AS (
    -- Filter first: everything below looks at these few orders only.
    SELECT order_id,
           status                                         AS order_status,
           sub_state,
           meta_postscript_pricing_info_send_currency     AS currency_from,
           meta_postscript_pricing_info_send_amount       AS send_amount,
           meta_postscript_pricing_info_receive_amount    AS receive_amount,
           meta_postscript_acquirer                       AS payment_acquirer,
           created_at,
           COALESCE(updated_at, created_at)               AS changed_at
    FROM orders_goms
    WHERE status IN ('PROCESSING_DEAL_IN', 'PENDING', 'FAILED', 'IN_PROGRESS')
      AND sub_state IN ('FULFILLMENT_PENDING', 'REFUND_TRIGGERED', 'TRIGGER_REFUND',
                        'FULFILLMENT_TRIGGER', 'MANUAL_REVIEW', 'AWAIT_EXTERNAL_ACTION')
      AND meta_postscript_pricing_info_send_currency IN ('AED', 'GBP', 'EUR')
      AND created_at >= CAST($1 AS timestamp) - INTERVAL '30 days'
      AND created_at <= CAST($1 AS timestamp) - INTERVAL '12 hours'
),

last_change AS (
    -- When the order last changed, counting the rows that did not pass: an old row that looks stuck must not hide
    -- a newer one that says COMPLETED.
    SELECT order_id,
           MAX(COALESCE(updated_at, created_at)) AS changed_at
    FROM orders_goms
    WHERE order_id IN (SELECT order_id FROM candidates)
    GROUP BY order_id
),

stuck AS (
    SELECT order_id, order_status, sub_state, currency_from, send_amount, receive_amount, payment_acquirer, created_at
    FROM (
        SELECT c.*,
               ROW_NUMBER() OVER (
                   PARTITION BY c.order_id
                   ORDER BY c.created_at DESC, c.order_status, c.sub_state, c.currency_from,
                            c.send_amount, c.receive_amount, c.payment_acquirer
               ) AS nth
        FROM candidates c
        JOIN last_change n ON n.order_id = c.order_id AND n.changed_at = c.changed_at
    ) ranked
    WHERE nth = 1
),

payment AS (
    -- The payment that counts is a COMPLETED one, whatever was tried after it.
    SELECT p.reference_id AS order_id,
           p.payment_status,
           COUNT(*) OVER (PARTITION BY p.reference_id) AS payment_attempts,
           ROW_NUMBER() OVER (
               PARTITION BY p.reference_id
               ORDER BY CASE WHEN p.payment_status = 'COMPLETED' THEN 0 ELSE 1 END,
                        COALESCE(p.updated_at, p.created_at) DESC, p.created_at DESC, p.payment_status
           ) AS nth
    FROM payments_goms p
    JOIN stuck s ON s.order_id = p.reference_id
),

lulu AS (
    SELECT l.order_id,
           l.lulu_client,
           l.sub_status AS lulu_status,
           ROW_NUMBER() OVER (
               PARTITION BY l.order_id
               ORDER BY COALESCE(l.updated_at, l.created_at) DESC, l.created_at DESC, l.sub_status, l.lulu_client
           ) AS nth
    FROM lulu_data l
    JOIN stuck s ON s.order_id = l.order_id
),

falcon AS (
    SELECT f.client_txn_id AS order_id,
           f.transaction_id,
           f.status AS falcon_status,
           ROW_NUMBER() OVER (
               PARTITION BY f.client_txn_id
               ORDER BY COALESCE(f.updated_at, f.created_at) DESC, f.created_at DESC, f.transaction_id, f.status
           ) AS nth
    FROM falcon_transactions_v2 f
    JOIN stuck s ON s.order_id = f.client_txn_id
),

payout AS (
    -- One partner after another may have tried to pay out: the newest attempt counts.
    SELECT t.transaction_id,
           t.payout_partner,
           t.status AS payout_status,
           ROW_NUMBER() OVER (
               PARTITION BY t.transaction_id
               ORDER BY COALESCE(t.updated_at, t.created_at) DESC, t.created_at DESC, t.payout_partner, t.status
           ) AS nth
    FROM transaction_payout t
    JOIN falcon f ON f.transaction_id = t.transaction_id AND f.nth = 1
),

rda AS (
    -- rda_fulfillments.order_id is, despite its name, a Falcon transaction id.
    SELECT r.order_id AS transaction_id,
           r.status   AS rda_status,
           ROW_NUMBER() OVER (
               PARTITION BY r.order_id
               ORDER BY COALESCE(r.updated_at, r.created_at) DESC NULLS LAST, r.created_at DESC NULLS LAST, r.status
           ) AS nth
    FROM rda_fulfillments r
    JOIN falcon f ON f.transaction_id = r.order_id AND f.nth = 1
),

rfi AS (
    SELECT i.reference_id AS order_id,
           i.status       AS rfi_status,
           COALESCE(i.modified_at, i.created_at) AS rfi_modified_at,
           ROW_NUMBER() OVER (
               PARTITION BY i.reference_id
               ORDER BY COALESCE(i.modified_at, i.created_at) DESC, i.created_at DESC, i.status
           ) AS nth
    FROM transfer_rfi i
    JOIN stuck s ON s.order_id = i.reference_id
),

uae_manual AS (
    SELECT u.order_id,
           u.status AS uae_manual_status,
           ROW_NUMBER() OVER (
               PARTITION BY u.order_id
               ORDER BY COALESCE(u.updated_at, u.created_at) DESC NULLS LAST, u.created_at DESC NULLS LAST, u.status
           ) AS nth
    FROM uae_manual_payments u
    JOIN stuck s ON s.order_id = u.order_id
),

checkout AS (
    SELECT k.order_id,
           k.status AS checkout_status,
           ROW_NUMBER() OVER (
               PARTITION BY k.order_id
               ORDER BY COALESCE(k.updated_at, k.created_at) DESC NULLS LAST, k.created_at DESC NULLS LAST, k.status
           ) AS nth
    FROM checkout_payment_data k
    JOIN stuck s ON s.order_id = k.order_id
),

trm AS (
    -- A fulfilment row exists: for GBP and EUR without a Falcon transaction, transaction monitoring holds the order.
    SELECT DISTINCT order_id
    FROM fulfillments_goms
    WHERE order_id IN (SELECT order_id FROM stuck)
)

SELECT s.order_id,
       s.order_status,
       s.sub_state,
       s.currency_from,
       s.send_amount,
       s.receive_amount,
       s.created_at,
       s.payment_acquirer,
       payment.payment_status,
       payment.payment_attempts,
       lulu.lulu_status,
       lulu.lulu_client,
       CASE WHEN lulu.order_id IS NULL THEN 'false' ELSE 'true' END AS lulu_record,
       falcon.transaction_id AS falcon_transaction_id,
       falcon.falcon_status,
       payout.payout_status,
       payout.payout_partner,
       rfi.rfi_status,
       rfi.rfi_modified_at,
       rda.rda_status,
       uae_manual.uae_manual_status,
       checkout.checkout_status,
       CASE WHEN trm.order_id IS NULL THEN 'false' ELSE 'true' END AS trm_hold
FROM stuck s
JOIN payment         ON payment.order_id = s.order_id AND payment.nth = 1 AND payment.payment_status = 'COMPLETED'
LEFT JOIN lulu       ON lulu.order_id = s.order_id AND lulu.nth = 1
LEFT JOIN falcon     ON falcon.order_id = s.order_id AND falcon.nth = 1
LEFT JOIN payout     ON payout.transaction_id = falcon.transaction_id AND payout.nth = 1
LEFT JOIN rda        ON rda.transaction_id = falcon.transaction_id AND rda.nth = 1
LEFT JOIN rfi        ON rfi.order_id = s.order_id AND rfi.nth = 1
LEFT JOIN uae_manual ON uae_manual.order_id = s.order_id AND uae_manual.nth = 1
LEFT JOIN checkout   ON checkout.order_id = s.order_id AND checkout.nth = 1
LEFT JOIN trm        ON trm.order_id = s.order_id
WHERE s.currency_from <> 'AED' OR lulu.order_id IS NOT NULL
ORDER BY s.order_id;
