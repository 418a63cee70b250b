// What tests include besides what they test. Each source still includes what it uses.
#pragma once
#include "../../core/pch/pch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
