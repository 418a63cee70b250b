/** What a customer may like, learnt from what was bought together. */
namespace * shop

struct Recommendation {
  1: required i64 product_id
  /** How strongly: the higher the better; only the order of scores means something. */
  2: required double score
}

struct RecommendationList {
  /** The best first. */
  1: required list<Recommendation> items
}

service Recommendations {
  /** A customer who bought nothing gets what sells best. */
  RecommendationList recommend(1: i64 customer_id (api.path = "id"), 2: i32 limit = 10 (vt.ge = "1", vt.le = "100"))
    (api.get = "/v1/customers/:id/recommendations", auth = "public", idempotent = "true")
}
