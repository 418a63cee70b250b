/** What a customer was told. */
namespace * shop

struct Notification {
  1: required i64 id
  2: required i64 order_id
  3: required string text
  /** Milliseconds since 1970, UTC. */
  4: required i64 created_at_ms
}

struct NotificationList {
  /** The newest first. */
  1: required list<Notification> items
}

service Notifications {
  NotificationList list_notifications(1: i64 customer_id (api.path = "id"),
                                      2: i32 limit = 50 (vt.ge = "1", vt.le = "200"))
    (api.get = "/v1/customers/:id/notifications", auth = "public", idempotent = "true")
}
