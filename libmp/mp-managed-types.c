/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "mp-managed-custom-private.h"

static const MpManagedType *const types[] = {
  &_mp_managed_array,
  &_mp_managed_barrier,
  &_mp_managed_bounded_semaphore,
  &_mp_managed_condition,
  &_mp_managed_dict,
  &_mp_managed_event,
  &_mp_managed_joinable_queue,
  &_mp_managed_list,
  &_mp_managed_lock,
  &_mp_managed_namespace,
  &_mp_managed_pool,
  &_mp_managed_queue,
  &_mp_managed_rlock,
  &_mp_managed_semaphore,
  &_mp_managed_set,
  &_mp_managed_value,
};

/* Returns: NULL if there is none */
const MpManagedType *
_mp_managed_find_type (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      if (g_str_equal (types[i]->name, name))
        return types[i];
    }
  return _mp_custom_find_type (name);
}
