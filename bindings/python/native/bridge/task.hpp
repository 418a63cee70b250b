// Task: runs one job's handler: the coroutine's first step at once, inside the batch that brought the job.
//
// To asyncio it is a task (current_task(), timeout(), TaskGroup, cancel()), but a handler that never suspends costs no
// asyncio.Task and no turn of the event loop. Plain functions run in the thread pool and end the same task.
// The outcome goes back to the loop's thread as encoded bytes. A deadline that passes cancels the handler.
// Thread safety: the GIL; succeed and fail from any thread.
#pragma once

#include "native/bridge/bridge.hpp"

namespace bascule::python {

bool add_task_type(PyObject* module);
/// Begins to handle a job. Never fails: what goes wrong becomes the job's outcome.
void start_task(Handler& handler, std::shared_ptr<Job> job);
/// Cancels every running task of the bridge.
void cancel_tasks(Bridge& bridge);

}  // namespace bascule::python
