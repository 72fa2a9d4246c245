/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scripted-server.h"

/* Answers that go wrong, one for each way the other side has of failing us, and some good ones beside them:
 *
 *   /small /large /missing /loop     "small", a million bytes, 404, a redirect to itself
 *   /never /nothing                  no answer; an end instead of one
 *   /half /cut /cut-chunk /reset     half a body, and then nothing, an end, an end in a chunk, a reset
 *   /garbage /bad-header /bad-chunk /both   what is no HTTP/1.1 */
void failing_answers_add (ScriptedServer *server);
