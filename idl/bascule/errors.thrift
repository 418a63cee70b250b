/** What a call may fail with besides the exceptions of its contract. */
namespace * bascule
namespace cpp bascule.platform

/**
 * On the wire a failure is its name in lower case, in the application property `bascule-error` (docs/protocol.md). The
 * numbers are those of bascule::Errc and never travel.
 */
enum ErrorCode {
  /** The deadline passed before an answer came; the work may or may not have been done. */
  DEADLINE_EXCEEDED = 1
  /** Nobody can serve it now; trying again may help. */
  UNAVAILABLE = 2
  /** A bound was met: a queue, credit, a quota. */
  RESOURCE_EXHAUSTED = 3
  /** Who is calling is not known. */
  UNAUTHENTICATED = 4
  /** The caller is known and may not. */
  PERMISSION_DENIED = 5
  /** The request does not fit the contract. */
  INVALID_ARGUMENT = 6
  /** There is no such method or service. */
  UNIMPLEMENTED = 7
  /** The service failed in a way its contract does not declare. */
  INTERNAL = 8
}
