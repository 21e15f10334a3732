-- The order statuses: what has become of the orders that agents have, one row an order.
--
-- Read by `pi-manager cleanup` and `pi-manager progress`. Edit it freely, with these rules:
--   * ONE statement; a semicolon at its end is fine.
--   * $1 is the time "as of when", UTC. Use it instead of the server's clock, so that a run can be repeated exactly.
--   * :ids is the list of the orders asked for, some hundred at a time. Write it once, as IN (:ids). pi-manager puts a
--     numbered parameter there for each id: the ids themselves never become part of the SQL.
--   * Keep the columns order_id and order_status. An order with two rows that differ in the status is an error, and an
--     order without a row is one that the warehouse does not know: its row in the sheet stays as it is.
--   * newest_order_at is the creation of the newest order of all, and may be left out. With it pi-manager notices that
--     the warehouse's feed is late, and closes nothing then. So it comes even when no order is found: in a row without
--     an order id.
--   * No LIMIT: an order that is cut off would look unknown.
--   * Words that mean the same on Amazon Redshift and PostgreSQL only (the tests run on PostgreSQL).
--
-- Unlike the pending list this leaves nothing out: an order counts however old it is and whatever its status.
--
-- A table can hold several rows for one order, and the newest counts: the greatest updated_at, or created_at where that
-- is empty; of equally new ones the one created last. If that does not decide, a row that says the order has ended
-- gives way to one that says it has not: in doubt nothing is closed. Rows from after the as-of time have not happened yet.

WITH newest AS (
    -- Always exactly one row, empty or not.
    SELECT MAX(created_at) AS newest_order_at
    FROM orders_goms
    WHERE created_at <= CAST($1 AS timestamp)
),

found AS (
    SELECT order_id,
           status AS order_status,
           ROW_NUMBER() OVER (
               PARTITION BY order_id
               ORDER BY COALESCE(updated_at, created_at) DESC, created_at DESC,
                        CASE WHEN status IN ('COMPLETED', 'CANCELLED', 'REFUNDED', 'EXPIRED') THEN 1 ELSE 0 END, status
           ) AS order_nth
    FROM orders_goms
    WHERE order_id IN (:ids)
      AND COALESCE(updated_at, created_at) <= CAST($1 AS timestamp)
)

SELECT f.order_id,
       f.order_status,
       n.newest_order_at
FROM newest n
LEFT JOIN found f ON f.order_nth = 1
ORDER BY f.order_id;
