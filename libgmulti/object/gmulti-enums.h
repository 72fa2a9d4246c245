/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(GMULTI_INSIDE) && !defined(GMULTI_COMPILATION)
#error "Only <gmulti.h> can be included directly."
#endif

#include <gio/gio.h>

#include "gmulti-version.h"

G_BEGIN_DECLS

/**
 * GMultiTransferState:
 * @GMULTI_TRANSFER_STATE_NEW: not started yet
 * @GMULTI_TRANSFER_STATE_QUEUED: started, and on its way to the session
 * @GMULTI_TRANSFER_STATE_WAITING: held back; the wait reason says why
 * @GMULTI_TRANSFER_STATE_RUNNING: under way
 * @GMULTI_TRANSFER_STATE_PAUSED: paused by the application
 * @GMULTI_TRANSFER_STATE_SUCCEEDED: finished without an error
 * @GMULTI_TRANSFER_STATE_FAILED: finished with an error
 * @GMULTI_TRANSFER_STATE_CANCELLED: finished because it was cancelled
 *
 * What a transfer is doing.
 *
 * Since: 1.0
 */
typedef enum
{
  GMULTI_TRANSFER_STATE_NEW,
  GMULTI_TRANSFER_STATE_QUEUED,
  GMULTI_TRANSFER_STATE_WAITING,
  GMULTI_TRANSFER_STATE_RUNNING,
  GMULTI_TRANSFER_STATE_PAUSED,
  GMULTI_TRANSFER_STATE_SUCCEEDED,
  GMULTI_TRANSFER_STATE_FAILED,
  GMULTI_TRANSFER_STATE_CANCELLED,
} GMultiTransferState;

/**
 * GMultiWaitReason:
 * @GMULTI_WAIT_REASON_NONE: it does not wait
 * @GMULTI_WAIT_REASON_LIMIT: one of the session's limits is reached
 * @GMULTI_WAIT_REASON_CONNECTIVITY: there is no network
 * @GMULTI_WAIT_REASON_METERED: the network is metered
 * @GMULTI_WAIT_REASON_POWER_SAVER: the device saves power
 * @GMULTI_WAIT_REASON_SCHEDULE: its time has not come
 * @GMULTI_WAIT_REASON_RETRY: it will be tried again after a while
 * @GMULTI_WAIT_REASON_ANSWER: a question to the application is open
 *
 * Why a transfer waits.
 *
 * Since: 1.0
 */
typedef enum
{
  GMULTI_WAIT_REASON_NONE,
  GMULTI_WAIT_REASON_LIMIT,
  GMULTI_WAIT_REASON_CONNECTIVITY,
  GMULTI_WAIT_REASON_METERED,
  GMULTI_WAIT_REASON_POWER_SAVER,
  GMULTI_WAIT_REASON_SCHEDULE,
  GMULTI_WAIT_REASON_RETRY,
  GMULTI_WAIT_REASON_ANSWER,
} GMultiWaitReason;

/**
 * GMultiPhase:
 * @GMULTI_PHASE_NONE: before the start, or not known
 * @GMULTI_PHASE_PROXY_LOOKUP: finding out which proxy to use
 * @GMULTI_PHASE_RESOLVE: looking up the host's addresses
 * @GMULTI_PHASE_CONNECT: connecting
 * @GMULTI_PHASE_PROXY: talking to a proxy
 * @GMULTI_PHASE_TLS: securing the connection
 * @GMULTI_PHASE_REQUEST: sending the request
 * @GMULTI_PHASE_RESPONSE: waiting for the head of the response
 * @GMULTI_PHASE_BODY: receiving the body
 * @GMULTI_PHASE_STORAGE: writing to, or reading from, a local file
 *
 * The phases of a transfer, in the order of its life.
 *
 * Since: 1.0
 */
typedef enum
{
  GMULTI_PHASE_NONE,
  GMULTI_PHASE_PROXY_LOOKUP,
  GMULTI_PHASE_RESOLVE,
  GMULTI_PHASE_CONNECT,
  GMULTI_PHASE_PROXY,
  GMULTI_PHASE_TLS,
  GMULTI_PHASE_REQUEST,
  GMULTI_PHASE_RESPONSE,
  GMULTI_PHASE_BODY,
  GMULTI_PHASE_STORAGE,
} GMultiPhase;

/**
 * GMultiProtocol:
 * @GMULTI_PROTOCOL_NONE: not known yet
 * @GMULTI_PROTOCOL_FILE: a local file
 * @GMULTI_PROTOCOL_DATA: the URI itself holds the data
 * @GMULTI_PROTOCOL_FTP: FTP
 * @GMULTI_PROTOCOL_HTTP_1_0: HTTP/1.0
 * @GMULTI_PROTOCOL_HTTP_1_1: HTTP/1.1
 * @GMULTI_PROTOCOL_HTTP_2: HTTP/2
 * @GMULTI_PROTOCOL_HTTP_3: HTTP/3
 *
 * The protocol that a response came by.
 *
 * Since: 1.0
 */
typedef enum
{
  GMULTI_PROTOCOL_NONE,
  GMULTI_PROTOCOL_FILE,
  GMULTI_PROTOCOL_DATA,
  GMULTI_PROTOCOL_FTP,
  GMULTI_PROTOCOL_HTTP_1_0,
  GMULTI_PROTOCOL_HTTP_1_1,
  GMULTI_PROTOCOL_HTTP_2,
  GMULTI_PROTOCOL_HTTP_3,
} GMultiProtocol;

/**
 * GMultiHttpPolicy:
 * @GMULTI_HTTP_POLICY_AUTO: the highest version that the server takes
 * @GMULTI_HTTP_POLICY_HTTP_1_1: HTTP/1.1 may be used
 * @GMULTI_HTTP_POLICY_HTTP_2: HTTP/2 may be used
 * @GMULTI_HTTP_POLICY_HTTP_3: HTTP/3 may be used
 * @GMULTI_HTTP_POLICY_PRIOR_KNOWLEDGE: the server is known to speak HTTP/2, so that without TLS, too, it is used at once
 *
 * Which versions of HTTP a transfer may travel by.
 *
 * With none of them all are allowed. A version that stands alone is demanded: a server that does not speak it fails the
 * transfer.
 *
 * Without TLS a transfer goes by HTTP/2 only where that is demanded, or known to be spoken: the upgrade of a request that
 * began as HTTP/1.1 is never offered, as RFC 9113 has given it up.
 *
 * Since: 1.0
 */
typedef enum /*< flags >*/
{
  GMULTI_HTTP_POLICY_AUTO = 0,
  GMULTI_HTTP_POLICY_HTTP_1_1 = 1 << 0,
  GMULTI_HTTP_POLICY_HTTP_2 = 1 << 1,
  GMULTI_HTTP_POLICY_HTTP_3 = 1 << 2,
  GMULTI_HTTP_POLICY_PRIOR_KNOWLEDGE = 1 << 8,
} GMultiHttpPolicy;

/**
 * GMultiRedirects:
 * @GMULTI_REDIRECTS_FOLLOW: follow all of them
 * @GMULTI_REDIRECTS_SAME_ORIGIN: follow those that stay on the same scheme, host and port; others fail the transfer
 *   with %GMULTI_TRANSFER_ERROR_REDIRECT_REFUSED
 * @GMULTI_REDIRECTS_NEVER: follow none: the redirect itself is the response
 *
 * Which redirects are followed.
 *
 * Since: 1.0
 */
typedef enum
{
  GMULTI_REDIRECTS_FOLLOW,
  GMULTI_REDIRECTS_SAME_ORIGIN,
  GMULTI_REDIRECTS_NEVER,
} GMultiRedirects;

/**
 * GMultiConstraints:
 * @GMULTI_CONSTRAINTS_NONE: none
 * @GMULTI_CONSTRAINTS_CONNECTIVITY: there is a network, or at least a way to the host, which may be near. Without one it
 *   waits, instead of failing; also if it fails because the network is gone, and may be asked for again
 * @GMULTI_CONSTRAINTS_UNMETERED: the network costs nothing by the byte
 * @GMULTI_CONSTRAINTS_NO_POWER_SAVER: the device does not save power
 *
 * What a transfer demands of the device's surroundings; it waits until all of it is there.
 *
 * One that runs when the network gets metered, or the device begins to save power, pauses until that is over.
 *
 * Since: 1.0
 */
typedef enum /*< flags >*/
{
  GMULTI_CONSTRAINTS_NONE = 0,
  GMULTI_CONSTRAINTS_CONNECTIVITY = 1 << 0,
  GMULTI_CONSTRAINTS_UNMETERED = 1 << 1,
  GMULTI_CONSTRAINTS_NO_POWER_SAVER = 1 << 2,
} GMultiConstraints;

/**
 * GMultiCollision:
 * @GMULTI_COLLISION_FAIL: fail with %G_IO_ERROR_EXISTS
 * @GMULTI_COLLISION_REPLACE: replace the file, in one step, once the download is complete
 * @GMULTI_COLLISION_RENAME: take the next free name, as in `picture (2).png`
 *
 * What a download does when its destination exists.
 *
 * Since: 1.0
 */
typedef enum
{
  GMULTI_COLLISION_FAIL,
  GMULTI_COLLISION_REPLACE,
  GMULTI_COLLISION_RENAME,
} GMultiCollision;

/**
 * GMultiSameSite:
 * @GMULTI_SAME_SITE_DEFAULT: it says nothing, which counts as lax
 * @GMULTI_SAME_SITE_NONE: it goes with all requests
 * @GMULTI_SAME_SITE_LAX: it goes with requests of its own site, and where a user follows a link to it
 * @GMULTI_SAME_SITE_STRICT: it goes with requests of its own site only
 *
 * What a cookie says about requests that other sites make.
 *
 * It counts for transfers that have a [property@GMulti.Transfer:first-party].
 *
 * Since: 1.0
 */
typedef enum
{
  GMULTI_SAME_SITE_DEFAULT,
  GMULTI_SAME_SITE_NONE,
  GMULTI_SAME_SITE_LAX,
  GMULTI_SAME_SITE_STRICT,
} GMultiSameSite;

G_END_DECLS
