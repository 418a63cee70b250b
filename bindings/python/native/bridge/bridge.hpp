// Bridge: what the Python objects of one engine share: the event loop they belong to, and the classes they make.
//
// Thread safety: the GIL. Lifetime: held by the Python Engine object, and by every task, context and call made from it.
#pragma once

#include "native/python.hpp"

#include <deque>
#include <memory>
#include <unordered_set>

#include "native/bridge/engine.hpp"
#include "native/codec/method.hpp"

namespace bascule::python {

struct Bridge;

/// The Python side of one method or event.
struct Handler {
  Bridge* bridge = nullptr;
  Ref callable;  ///< async def, or def when !is_async
  bool is_async = true;
  bool takes_context = true;  ///< called with ctx=...
  Ref method;                 ///< Method; null for an event
  Ref plan;                   ///< an event's Plan
  Ref check;                  ///< called with the arguments' tuple before the handler; null: nothing to check
};

struct Bridge {
  std::shared_ptr<Engine> engine;
  Ref loop;  ///< asyncio's; null until attached
  Ref call_soon, call_at;
  Ref enter_task, leave_task;
  Ref current;         ///< the ContextVar that holds the context of the work at hand
  Ref context_type;    ///< bascule.context.Context
  Ref run_sync;        ///< (context, callable, args, task): runs a plain def in the thread pool
  Ref make_error;      ///< (wire name, sentence) -> exception
  Ref make_sql_error;  ///< (wire name, sentence, sqlstate, constraint) -> exception
  Ref report;          ///< (exception): logs what a handler failed with
  std::deque<Handler> handlers;
  std::deque<Ref> listeners;            ///< callbacks of listen()
  std::unordered_set<PyObject*> tasks;  ///< running; each holds itself
  std::vector<Letter> letters;          ///< reused by drain
  bool closed = false;
};

/// A platform failure as a Python exception instance (new reference), or null with an error set.
PyObject* make_error(Bridge& bridge, Errc code, std::string_view message);
/// Reads everything in the mailbox and runs it.
void drain(Bridge& bridge);

}  // namespace bascule::python
