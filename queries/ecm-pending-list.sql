-- The pending list: every stuck order that an agent can act on, one row an order.
--
-- Read by `pi-manager triage`. Edit it freely, with these rules:
--   * ONE statement; a semicolon at its end is fine.
--   * $1 is the time "as of when", UTC. Use it instead of the server's clock, so that a run can be repeated exactly.
--   * Keep the columns order_id, sub_state, currency_from, send_amount and created_at. Every other column is a fact
--     that the rules in policy.yaml can read by its name: add what you need.
--   * No LIMIT: pi-manager counts what comes back, and a cut list cannot be trusted.
--   * Every table can hold several rows for one order, and the newest counts: the greatest updated_at, or created_at
--     where that is empty. So each step below joins one table, numbers the rows it got for an order from the newest
--     on, and the next step goes on with number 1. Rows that are equally new are told apart by what they say, so
--     that the same data always gives the same answer. To read one more table, add one more step.
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
    -- Filter first: the steps below look at these few orders only.
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
    SELECT c.*,
           ROW_NUMBER() OVER (
               PARTITION BY c.order_id
               ORDER BY c.created_at DESC, c.order_status, c.sub_state, c.currency_from,
                        c.send_amount, c.receive_amount, c.payment_acquirer
           ) AS order_nth
    FROM candidates c
    JOIN last_change n ON n.order_id = c.order_id AND n.changed_at = c.changed_at
),

with_payment AS (
    -- The payment that counts is a COMPLETED one, whatever was tried after it.
    SELECT s.*,
           p.payment_status,
           COUNT(*) OVER (PARTITION BY s.order_id) AS payment_attempts,
           ROW_NUMBER() OVER (
               PARTITION BY s.order_id
               ORDER BY CASE WHEN p.payment_status = 'COMPLETED' THEN 0 ELSE 1 END,
                        COALESCE(p.updated_at, p.created_at) DESC, p.created_at DESC, p.payment_status
           ) AS payment_nth
    FROM stuck s
    JOIN payments_goms p ON p.reference_id = s.order_id
    WHERE s.order_nth = 1
),

with_lulu AS (
    SELECT s.*,
           l.sub_status AS lulu_status,
           l.lulu_client,
           CASE WHEN l.order_id IS NULL THEN 'false' ELSE 'true' END AS lulu_record,
           ROW_NUMBER() OVER (
               PARTITION BY s.order_id
               ORDER BY COALESCE(l.updated_at, l.created_at) DESC, l.created_at DESC, l.sub_status, l.lulu_client
           ) AS lulu_nth
    FROM with_payment s
    LEFT JOIN lulu_data l ON l.order_id = s.order_id
    WHERE s.payment_nth = 1
      AND s.payment_status = 'COMPLETED'
      AND (s.currency_from <> 'AED' OR l.order_id IS NOT NULL)
),

with_falcon AS (
    SELECT s.*,
           f.transaction_id AS falcon_transaction_id,
           f.status         AS falcon_status,
           ROW_NUMBER() OVER (
               PARTITION BY s.order_id
               ORDER BY COALESCE(f.updated_at, f.created_at) DESC, f.created_at DESC, f.transaction_id, f.status
           ) AS falcon_nth
    FROM with_lulu s
    LEFT JOIN falcon_transactions_v2 f ON f.client_txn_id = s.order_id
    WHERE s.lulu_nth = 1
),

with_payout AS (
    -- One partner after another may have tried to pay out: the newest attempt counts.
    SELECT s.*,
           t.status AS payout_status,
           t.payout_partner,
           ROW_NUMBER() OVER (
               PARTITION BY s.order_id
               ORDER BY COALESCE(t.updated_at, t.created_at) DESC, t.created_at DESC, t.payout_partner, t.status
           ) AS payout_nth
    FROM with_falcon s
    LEFT JOIN transaction_payout t ON t.transaction_id = s.falcon_transaction_id
    WHERE s.falcon_nth = 1
),

with_rda AS (
    -- rda_fulfillments.order_id is, despite its name, a Falcon transaction id.
    SELECT s.*,
           r.status AS rda_status,
           ROW_NUMBER() OVER (
               PARTITION BY s.order_id
               ORDER BY COALESCE(r.updated_at, r.created_at) DESC NULLS LAST, r.created_at DESC NULLS LAST, r.status
           ) AS rda_nth
    FROM with_payout s
    LEFT JOIN rda_fulfillments r ON r.order_id = s.falcon_transaction_id
    WHERE s.payout_nth = 1
),

with_rfi AS (
    SELECT s.*,
           i.status AS rfi_status,
           COALESCE(i.modified_at, i.created_at) AS rfi_modified_at,
           ROW_NUMBER() OVER (
               PARTITION BY s.order_id
               ORDER BY COALESCE(i.modified_at, i.created_at) DESC, i.created_at DESC, i.status
           ) AS rfi_nth
    FROM with_rda s
    LEFT JOIN transfer_rfi i ON i.reference_id = s.order_id
    WHERE s.rda_nth = 1
),

with_uae_manual AS (
    SELECT s.*,
           u.status AS uae_manual_status,
           ROW_NUMBER() OVER (
               PARTITION BY s.order_id
               ORDER BY COALESCE(u.updated_at, u.created_at) DESC NULLS LAST, u.created_at DESC NULLS LAST, u.status
           ) AS uae_manual_nth
    FROM with_rfi s
    LEFT JOIN uae_manual_payments u ON u.order_id = s.order_id
    WHERE s.rfi_nth = 1
),

with_checkout AS (
    SELECT s.*,
           k.status AS checkout_status,
           ROW_NUMBER() OVER (
               PARTITION BY s.order_id
               ORDER BY COALESCE(k.updated_at, k.created_at) DESC NULLS LAST, k.created_at DESC NULLS LAST, k.status
           ) AS checkout_nth
    FROM with_uae_manual s
    LEFT JOIN checkout_payment_data k ON k.order_id = s.order_id
    WHERE s.uae_manual_nth = 1
),

with_trm AS (
    -- Any fulfilment row will do: for GBP and EUR without a Falcon transaction it means that transaction monitoring
    -- holds the order.
    SELECT s.*,
           CASE WHEN m.order_id IS NULL THEN 'false' ELSE 'true' END AS trm_hold,
           ROW_NUMBER() OVER (PARTITION BY s.order_id ORDER BY m.order_id) AS trm_nth
    FROM with_checkout s
    LEFT JOIN fulfillments_goms m ON m.order_id = s.order_id
    WHERE s.checkout_nth = 1
)

SELECT order_id,
       order_status,
       sub_state,
       currency_from,
       send_amount,
       receive_amount,
       created_at,
       payment_acquirer,
       payment_status,
       payment_attempts,
       lulu_status,
       lulu_client,
       lulu_record,
       falcon_transaction_id,
       falcon_status,
       payout_status,
       payout_partner,
       rfi_status,
       rfi_modified_at,
       rda_status,
       uae_manual_status,
       checkout_status,
       trm_hold
FROM with_trm
WHERE trm_nth = 1
ORDER BY order_id;
