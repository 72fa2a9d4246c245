/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "failing-answers.h"

#define HALF "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

void
failing_answers_add (ScriptedServer *server)
{
  static const struct
  {
    const char *path;
    const char *text;
    ScriptedEnd end;
  } answers[] = {
    { "/half", HALF, SCRIPTED_END_NONE },
    { "/cut", HALF, SCRIPTED_END_FIN },
    { "/cut-chunk", CHUNKED "8\r\nhello", SCRIPTED_END_FIN },
    { "/garbage", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", SCRIPTED_END_FIN },
    { "/bad-header", "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", SCRIPTED_END_FIN },
    { "/bad-chunk", CHUNKED "xyz\r\nhello", SCRIPTED_END_FIN },
    { "/both", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", SCRIPTED_END_FIN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      ScriptedAnswer *answer = scripted_answer_exact (answers[i].text);

      scripted_server_on (server, answers[i].path,
                          answers[i].end == SCRIPTED_END_NONE ? scripted_answer_stall (answer)
                                                              : scripted_answer_end (answer, answers[i].end));
    }
  scripted_server_on (server, "/small", scripted_answer_text (200, NULL, "small"));
  scripted_server_on (server, "/large", scripted_answer_big (5, 1000000));
  scripted_server_on (server, "/missing", scripted_answer_text (404, NULL, "missing"));
  scripted_server_on (server, "/loop", scripted_answer_redirect (302, "/loop"));
  scripted_server_on (server, "/never", scripted_answer_stall (scripted_answer_new ()));
  scripted_server_on (server, "/nothing", scripted_answer_end (scripted_answer_new (), SCRIPTED_END_FIN));
  scripted_server_on (server, "/reset",
                      scripted_answer_end (scripted_answer_delay (scripted_answer_exact (HALF), 20), SCRIPTED_END_RESET));
}
