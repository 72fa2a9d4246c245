/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates of a series' server and of those who trust it. They are made when first asked for, and go with the process. */
#pragma once

#include "plan.h"
#include "scripted-tls.h"

typedef enum
{
  SERVER_TLS_AUTHORITY,
  SERVER_TLS_STRANGER,   /* an authority that signed nothing here */
  SERVER_TLS_CLIENT,
  SERVER_TLS_CLIENT_KEY,
  SERVER_TLS_N_FILES,
} ServerTlsFile;

const char  *server_tls_get_file (ServerTlsFile which);
/* Of the certificate that the server of @plan shows. */
const char  *server_tls_get_pin  (const Plan   *plan);
ScriptedTls *server_tls_new      (const Plan   *plan);
