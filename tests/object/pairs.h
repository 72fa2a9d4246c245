/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "face.h"

/* Every public function called from every signal handler. A scene has one of everything, alive: a session with transfers
 * under way, questions asked, a group, lists, jars. Its handlers call one function, each in one way, once for each signal
 * that still has to. What the functions and signals are is in tables that pairs.py writes from the library's GIR. */

typedef struct _PairsScene PairsScene;

/* The ways a function is called, bits in PairsMethod.ways; a way's number is what a call is given. */
enum
{
  PAIRS_WAY_NEW,  /* all arguments are new */
  PAIRS_WAY_NULL, /* NULL where it may be, and FALSE */
  PAIRS_WAY_OWN,  /* the scene's own objects */
  PAIRS_N_WAYS,
};

typedef struct
{
  const char *name; /* "Session.fetch_async" */
  void (*call) (PairsScene *scene, guint way);
  void (*prepare) (PairsScene *scene); /* (nullable): starts what it is the end of, into scene->results */
  guint ways;
  gboolean is_async;
} PairsMethod;

/* A function that ends by a callback, and its _finish function. */
typedef struct
{
  const char *name;
  const char *class_name;
  void (*begin) (PairsScene *scene, gpointer self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
  void (*end) (PairsScene *scene, GError **error); /* of scene->result */
} PairsAsync;

typedef struct
{
  const char *class_name; /* without the namespace */
  GType (*get_type) (void);
  const char *name; /* "completed", "notify::state", "transfers/items-changed" */
} PairsSignal;

extern const PairsMethod pairs_methods[];
extern const guint pairs_n_methods;
extern const PairsSignal pairs_signals[];
extern const guint pairs_n_signals;
extern const PairsAsync pairs_asyncs[];
extern const guint pairs_n_asyncs;

struct _PairsScene
{
  const PairsMethod *method; /* (nullable): nothing is called */
  guint way;
  guint8 *left; /* by signal: it is still to be called there */
  guint8 *seen; /* by signal: it was emitted */
  gboolean is_forced; /* the scene itself emits what the library does not */
  char *where; /* (owned): the pair that is on the stack, or was last */
  guint n_called;

  GAsyncResult *result; /* (unowned) (nullable): what a _finish function is given */
  GPtrArray *results; /* of GAsyncResult */
  guint n_awaited; /* callbacks that have not come */

  GObject *emitter; /* (unowned) (nullable): whose handler is running */
  GMultiSession *session;
  GMultiGroup *group;
  GMultiForm *form;
  GMultiCookieJar *jar;
  GMultiCookieJar *bad_jar; /* its file is a folder */
  gboolean jar_failed;
  GPtrArray *transfers; /* of GMultiTransfer: see pairs.c */
  GPtrArray *watched; /* of PairsWatched: those, and all that were made in handlers */
  GMultiChallenge *challenge; /* (nullable): the last one */
  GMultiTrustCheck *check; /* (nullable) */
  GPtrArray *questions; /* of those: all of them */
  GPtrArray *bag; /* of PairsKept: goes with the scene */
};

/* Servers and what has to be there before the first scene. @folder is for files. */
void     pairs_begin        (const char *folder);
void     pairs_end          (void);

/* Plays a scene to its end, and checks that everything ended once and is gone. Adds to @seen; takes from @left. Returns
 * how many calls were made. */
guint    pairs_play         (const PairsMethod *method,
                             guint way,
                             guint8 *left,
                             guint8 *seen,
                             gboolean force);

/* ---- for the generated calls; whatever they return lives as long as the scene ---- */

/* A scene without anything in it: whoever calls has new arguments from it. Any thread. */
PairsScene *pairs_scene_new  (void);
void        pairs_scene_free (PairsScene *scene);
/* Lets go of the arguments that were given so far. */
void        pairs_scene_let_go (PairsScene *scene);

/* The object a method is called on: the emitter, if it is one. */
gpointer pairs_self         (PairsScene *scene,
                             const char *class_name);
/* The same, a new one of its own. */
gpointer pairs_fresh        (PairsScene *scene,
                             const char *class_name);
/* Whose method began scene->result. */
gpointer pairs_source       (PairsScene *scene);
/* An argument: @type as the GIR says, for @argument of @function. */
gpointer pairs_give         (PairsScene *scene,
                             const char *type,
                             const char *function,
                             const char *argument,
                             guint way);
/* A callback will come, with @scene; and it came. */
gpointer pairs_await        (PairsScene *scene);
void     pairs_came         (PairsScene *scene);
/* A GAsyncReadyCallback that keeps the result for scene->results. */
void     pairs_store_result (GObject *source,
                             GAsyncResult *result,
                             gpointer scene);
