/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(GMULTI_INSIDE) && !defined(GMULTI_COMPILATION)
#error "Only <gmulti.h> can be included directly."
#endif

#include "gmulti-enums.h"

G_BEGIN_DECLS

/**
 * GMULTI_TRANSFER_ERROR:
 *
 * The error domain of transfers, for what no domain of GIO can say.
 *
 * The page [Errors](errors.html) lists which failure has which domain and code.
 *
 * Since: 1.0
 */
#define GMULTI_TRANSFER_ERROR (gmulti_transfer_error_quark ())

/**
 * GMultiTransferError:
 * @GMULTI_TRANSFER_ERROR_FAILED: it failed for a reason without a code of its own
 * @GMULTI_TRANSFER_ERROR_BAD_URI: the URI cannot be used
 * @GMULTI_TRANSFER_ERROR_BAD_REQUEST: a method, header or setting that cannot be sent
 * @GMULTI_TRANSFER_ERROR_HTTP_STATUS: the server answered with a status of 400 or more; the response tells which
 * @GMULTI_TRANSFER_ERROR_AUTHENTICATION: the server did not accept the login
 * @GMULTI_TRANSFER_ERROR_TOO_MANY_REDIRECTS: more redirects than allowed
 * @GMULTI_TRANSFER_ERROR_REDIRECT_REFUSED: a redirect to where this transfer may not go
 * @GMULTI_TRANSFER_ERROR_PROTOCOL: the server broke the rules of the protocol
 * @GMULTI_TRANSFER_ERROR_TRUNCATED: the connection ended before the body did
 * @GMULTI_TRANSFER_ERROR_ENCODING: the body's encoding is unknown or broken
 * @GMULTI_TRANSFER_ERROR_TOO_LARGE: more data than allowed
 * @GMULTI_TRANSFER_ERROR_STALLED: too little data for too long
 * @GMULTI_TRANSFER_ERROR_NOT_REWINDABLE: the upload has to be sent again, and its stream cannot go back
 * @GMULTI_TRANSFER_ERROR_CHECKSUM: the data is not what its checksum promised
 * @GMULTI_TRANSFER_ERROR_CHANGED: the server has another representation than the one begun or asked for
 * @GMULTI_TRANSFER_ERROR_BUSY: the transfer is already running
 *
 * Error codes of [error@GMulti.TransferError].
 *
 * Since: 1.0
 */
typedef enum
{
  GMULTI_TRANSFER_ERROR_FAILED,
  GMULTI_TRANSFER_ERROR_BAD_URI,
  GMULTI_TRANSFER_ERROR_BAD_REQUEST,
  GMULTI_TRANSFER_ERROR_HTTP_STATUS,
  GMULTI_TRANSFER_ERROR_AUTHENTICATION,
  GMULTI_TRANSFER_ERROR_TOO_MANY_REDIRECTS,
  GMULTI_TRANSFER_ERROR_REDIRECT_REFUSED,
  GMULTI_TRANSFER_ERROR_PROTOCOL,
  GMULTI_TRANSFER_ERROR_TRUNCATED,
  GMULTI_TRANSFER_ERROR_ENCODING,
  GMULTI_TRANSFER_ERROR_TOO_LARGE,
  GMULTI_TRANSFER_ERROR_STALLED,
  GMULTI_TRANSFER_ERROR_NOT_REWINDABLE,
  GMULTI_TRANSFER_ERROR_CHECKSUM,
  GMULTI_TRANSFER_ERROR_CHANGED,
  GMULTI_TRANSFER_ERROR_BUSY,
} GMultiTransferError;

GMULTI_AVAILABLE_IN_1_0
GQuark      gmulti_transfer_error_quark (void);

GMULTI_AVAILABLE_IN_1_0
gboolean    gmulti_error_is_transient   (const GError *error);
GMULTI_AVAILABLE_IN_1_0
GMultiPhase gmulti_error_get_phase      (const GError *error);
GMULTI_AVAILABLE_IN_1_0
const char *gmulti_error_get_host       (const GError *error);

G_END_DECLS
