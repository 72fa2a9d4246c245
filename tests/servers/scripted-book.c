/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-book.h"

typedef struct
{
  GPtrArray *answers; /* (owned) of ScriptedAnswer */
  guint next;
} Rule;

static void
rule_free (gpointer data)
{
  g_ptr_array_unref (((Rule *) data)->answers);
  g_free (data);
}

void
scripted_book_init (ScriptedBook *self)
{
  *self = (ScriptedBook){
    .rules = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, rule_free),
    .requests = g_ptr_array_new_with_free_func ((GDestroyNotify) scripted_request_free),
    .counts = g_array_new (FALSE, TRUE, sizeof (guint)),
  };
}

void
scripted_book_clear (ScriptedBook *self)
{
  g_hash_table_unref (self->rules);
  g_ptr_array_unref (self->requests);
  g_array_unref (self->counts);
}

void
scripted_book_on (ScriptedBook *self,
                  const char *key,
                  ScriptedAnswer *answer)
{
  Rule *rule = g_hash_table_lookup (self->rules, key);

  if (rule == NULL)
    {
      rule = g_new0 (Rule, 1);
      rule->answers = g_ptr_array_new_with_free_func ((GDestroyNotify) scripted_answer_unref);
      g_hash_table_insert (self->rules, g_strdup (key), rule);
    }
  g_ptr_array_add (rule->answers, answer);
}

static ScriptedAnswer *
take_answer (ScriptedBook *self,
             const char *key)
{
  Rule *rule = g_hash_table_lookup (self->rules, key);
  ScriptedAnswer *answer;

  if (rule == NULL)
    return NULL;
  answer = g_ptr_array_index (rule->answers, MIN (rule->next, rule->answers->len - 1));
  rule->next++;
  return scripted_answer_ref (answer);
}

static ScriptedAnswer *
opening_cb (guint connection,
            gpointer user_data)
{
  g_autofree char *key = g_strdup_printf ("@%u", connection);
  ScriptedAnswer *answer = take_answer (user_data, key);

  return answer != NULL ? answer : take_answer (user_data, "@");
}

static ScriptedAnswer *
find_answer (ScriptedBook *self,
             ScriptedRequest *request)
{
  g_autofree char *place = g_strdup_printf ("#%u.%u", request->connection, request->number);
  g_autofree char *exact = g_strdup_printf ("%s %s", request->method, request->target);
  const char *keys[] = { place, exact, request->target, "*" };
  ScriptedAnswer *answer = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (keys) && answer == NULL; i++)
    answer = take_answer (self, keys[i]);
  if (answer != NULL)
    return answer;
  request->unscripted = TRUE;
  return scripted_answer_text (404, NULL, "unscripted");
}

/* @answer, and behind it the end of the connection. */
static ScriptedAnswer *
with_end (ScriptedBook *self,
          ScriptedAnswer *answer)
{
  ScriptedAnswer *copy = scripted_answer_new ();

  copy->at_head = answer->at_head;
  copy->no_read = answer->no_read;
  copy->cut_at = answer->cut_at;
  copy->cut_how = answer->cut_how;
  copy->read_per_ms = answer->read_per_ms;
  for (guint i = 0; i < answer->ops->len; i++)
    {
      ScriptedOp op = g_array_index (answer->ops, ScriptedOp, i);

      if (op.bytes != NULL)
        g_bytes_ref (op.bytes);
      g_array_append_val (copy->ops, op);
    }
  scripted_answer_unref (answer);
  return scripted_answer_end (scripted_answer_delay (copy, self->keep_alive_delay), self->keep_alive_end);
}

static ScriptedAnswer *
request_cb (ScriptedRequest *request,
            gpointer user_data)
{
  ScriptedBook *self = user_data;
  ScriptedAnswer *answer;

  request->order = self->requests->len;
  g_ptr_array_add (self->requests, request);
  if (request->connection >= self->counts->len)
    g_array_set_size (self->counts, request->connection + 1);
  g_array_index (self->counts, guint, request->connection)++;
  answer = find_answer (self, request);
  if (self->keep_alive > 0 && request->number + 1 >= self->keep_alive)
    answer = with_end (self, answer);
  if (self->changed != NULL)
    self->changed (self->user_data);
  return answer;
}

static void
complete_cb (ScriptedRequest *request,
             gpointer user_data)
{
  ScriptedBook *self = user_data;

  self->n_complete++;
  if (self->changed != NULL)
    self->changed (self->user_data);
}

const ScriptedWorld scripted_book_world = { opening_cb, request_cb, complete_cb };

char *
scripted_book_summary (const ScriptedBook *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->requests->len; i++)
    {
      const ScriptedRequest *request = g_ptr_array_index (self->requests, i);

      g_string_append_printf (text, "%s%s %s#%u", i > 0 ? " " : "", request->method, request->target,
                              request->connection);
    }
  return g_string_free (text, FALSE);
}
