/** What every service of Bascule does besides its own contract. */
namespace * bascule
namespace cpp bascule.platform

/**
 * Answered on each service's own address, under the names `bascule.describe` and `bascule.ping`. Their replies are no Thrift
 * messages: describe answers with the descriptor itself (content-type application/json), ping with nothing.
 */
service Platform {
  /** The service's contract: its descriptor (docs/architecture.md). */
  string describe() (idempotent = "true")
  void ping() (idempotent = "true")
}
